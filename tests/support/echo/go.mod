module csk.test/echo

go 1.24

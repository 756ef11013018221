module csk.dev/artifacts/coredns

go 1.26.8

// A small server and client for the tests of a cluster, in an image that holds nothing else.
//
//	echo serve            answers / with the host's name and $VERSION, and /big without an end; told to end, it
//	                      answers for 5 more seconds, so that nobody who still comes is turned away
//	echo get URL          prints an answer's body
//	echo lookup NAME      prints a name's addresses
//	echo speed URL SEC    reads for so many seconds and prints the bytes per second of the last one
//	echo pass TEXT        prints a text and ends
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	arguments := append(os.Args[1:], "", "")
	var err error
	switch arguments[0] {
	case "serve":
		err = serve()
	case "get":
		err = get(arguments[1])
	case "lookup":
		var found []string
		found, err = net.LookupHost(arguments[1])
		fmt.Println(found)
	case "speed":
		err = speed(arguments[1], arguments[2])
	case "pass":
		fmt.Println(arguments[1])
	default:
		err = errors.New("serve, get, lookup, speed or pass")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	name, _ := os.Hostname()
	var ending atomic.Bool
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if ending.Load() {
			w.Header().Set("Connection", "close")
		}
		fmt.Printf("%s asked for %s\n", r.RemoteAddr, r.URL)
		fmt.Fprintf(w, "%s %s\n", name, os.Getenv("VERSION"))
	})
	http.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) {
		block := make([]byte, 1<<16)
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	server := &http.Server{Addr: ":8080"}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	go func() {
		<-told
		ending.Store(true)
		time.Sleep(5 * time.Second)
		server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func get(url string) error {
	answer, err := (&http.Client{Timeout: 5 * time.Second}).Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}

func speed(url, seconds string) error {
	count, err := strconv.Atoi(seconds)
	if err != nil {
		return err
	}
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	end := time.Now().Add(time.Duration(count) * time.Second)
	last, block := int64(0), make([]byte, 1<<16)
	for time.Now().Before(end) {
		read, err := answer.Body.Read(block)
		if err != nil {
			return err
		}
		if time.Now().After(end.Add(-time.Second)) {
			last += int64(read)
		}
	}
	fmt.Println(last)
	return nil
}

package main

import (
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	agentapp "github.com/endscope/endscope/cmd/endscope-agent/app"
	"github.com/endscope/endscope/cmd/endscope/commands"
)

var update = flag.Bool("update", false, "write what commands print into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"endscope":       func() { os.Exit(commands.Main(os.Args[1:], os.Stdout, os.Stderr)) },
		"endscope-agent": func() { os.Exit(agentapp.Main(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"freeport": freeport, "waitfor": waitfor, "fetch": fetch},
	})
}

// freeport VARIABLE sets a variable to 127.0.0.1 with a port on which nothing listens.
func freeport(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], l.Addr().String())
}

// fetch URL [BODY] gets, or posts a body to, a URL, and prints the status and the answer.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	status, body, err := answer(args)
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), http.StatusText(status)+"\n"+body)
	ts.Check(err)
	if neg != (status >= 400) {
		ts.Fatalf("status %d: %s", status, body)
	}
}

// waitfor URL [TEXT] waits until a URL answers 200 and the answer holds the text, for at most 30 s.
func waitfor(ts *testscript.TestScript, neg bool, args []string) {
	var last string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		status, body, err := answer(args[:1])
		if err == nil && status == http.StatusOK && (len(args) == 1 || strings.Contains(body, args[1])) != neg {
			return
		}
		if last = body; err != nil {
			last = err.Error()
		}
	}
	ts.Fatalf("%s: %s", strings.Join(args, " "), last)
}

func answer(args []string) (int, string, error) {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var resp *http.Response
	var err error
	if len(args) > 1 {
		resp, err = client.Post(args[0], "text/plain", strings.NewReader(strings.Join(args[1:], " ")+"\n"))
	} else {
		resp, err = client.Get(args[0])
	}
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

package main

import (
	"os"

	"github.com/endscope/endscope/cmd/endscope-agent/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Stdout, os.Stderr)) }

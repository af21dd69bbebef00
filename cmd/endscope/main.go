package main

import (
	"os"

	"github.com/endscope/endscope/cmd/endscope/commands"
)

func main() { os.Exit(commands.Main(os.Args[1:], os.Stdout, os.Stderr)) }

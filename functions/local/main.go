// Command cutline is the command line, and everything in one process: package cli says more.
package main

import (
	"os"

	"cutline/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)) }

package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// flags reads a command's arguments. Flags may stand before, between and after the other arguments, with one dash or
// two; after "--" nothing is a flag.
type flags struct {
	*flag.FlagSet
	synopsis string // "import FILE --site S [--photo P]"
	about    string // what the command does, and an example
	out      io.Writer
}

// newFlags begins a command's flags. about is shown by --help under the synopsis.
func (p *program) newFlags(name, synopsis, about string) *flags {
	f := &flags{flag.NewFlagSet(name, flag.ContinueOnError), strings.TrimSpace(name + " " + synopsis), strings.TrimSpace(about), p.stdout}
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	return f
}

// parse reads args. The arguments that are no flags go to wanted, in turn; each must be given. Names in required are
// flags that must be given too.
func (f *flags) parse(args []string, wanted []*string, required ...string) error {
	var plain []string
	for {
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			f.help()
			return errHelp
		} else if err != nil {
			return wrong("%s: %v; see cutline %s --help", f.Name(), err, f.Name())
		}
		rest := f.Args()
		if len(rest) == 0 {
			break
		}
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			plain = append(plain, rest...)
			break
		}
		plain, args = append(plain, rest[0]), rest[1:]
	}
	if len(plain) != len(wanted) {
		return wrong("usage: cutline %s", f.synopsis)
	}
	for i, s := range plain {
		*wanted[i] = s
	}
	given := map[string]bool{}
	f.Visit(func(g *flag.Flag) { given[g.Name] = true })
	for _, name := range required {
		if !given[name] {
			return wrong("%s: --%s is required; usage: cutline %s", f.Name(), name, f.synopsis)
		}
	}
	return nil
}

func (f *flags) help() {
	fmt.Fprintf(f.out, "usage: cutline %s\n\n%s\n", f.synopsis, f.about)
	first := true
	f.VisitAll(func(g *flag.Flag) {
		if first {
			fmt.Fprint(f.out, "\nflags:\n")
			first = false
		}
		value, text := flag.UnquoteUsage(g)
		text = strings.TrimPrefix(text, value+": ")
		if g.DefValue != "" && g.DefValue != "0" && g.DefValue != "false" {
			text += " (default " + g.DefValue + ")"
		}
		fmt.Fprintf(f.out, "  --%-18s %s\n", strings.TrimSpace(g.Name+" "+value), text)
	})
}

// Package cli is the command line, and the whole of cutline in one process.
//
// It owns what stands between a person at a terminal and the rooms: flags, what is printed, exit codes, and `serve`,
// which joins the steps on a folder as S3's notifications, queues and schedules join them in AWS. It decides nothing
// about stories. JSON goes to stdout, what went wrong to stderr; the exit code is 2 for a wrong call and 1 for what
// failed.
package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/lambda"
	"cutline/internal/story"
)

// program is one run of the command line.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) string
	now            func() time.Time
	random         io.Reader
	log            *slog.Logger
}

// command is one of the program's commands.
type command struct {
	name string
	line string // what it does, for the list
	run  func(p *program, ctx context.Context, args []string) error
}

// commands is every command there is, in the order in which they are listed.
func commands() []command {
	return []command{
		{"serve", "everything in one process on a folder", (*program).serve},
		{"send", "sign a payload as a source would, and send it", (*program).send},
		{"try-source", "say what a source makes of a recorded request", (*program).trySource},
		{"import", "take an article that stands as plain text", (*program).importText},
		{"stories", "list the stories and where they stand", (*program).stories},
		{"show", "show one story with all that is known of it", (*program).show},
		{"decide", "approve, hold, reject or retract a story", (*program).decide},
		{"stop", "stop all posting, of a site or a channel", (*program).stop},
		{"resume", "let a site or a channel go on", (*program).resume},
		{"render", "draw a card from files, without a story", (*program).render},
		{"gallery", "draw a theme as a page: every format, script and hard case", (*program).gallery},
		{"photo", "say what is in a picture file and whether it will do", (*program).photo},
		{"count", "say how long a text is on a network", (*program).count},
		{"check", "check a configuration", (*program).check},
		{"channels", "try the channels' accounts, without posting", (*program).channels},
		{"sim", "the networks, simulated, to post to", (*program).sim},
		{"version", "say which version this is", (*program).version},
	}
}

// Main runs the command that args name, without the program's own name, and returns the exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	p := newProgram(stdin, stdout, stderr, env, name)
	err := p.run(ctx, args)
	switch wrong := (*wrongCall)(nil); {
	case err == nil, errors.Is(err, errHelp):
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintln(stderr, "cutline:", err)
		return 2
	default:
		fmt.Fprintln(stderr, "cutline:", err)
		return 1
	}
}

// newProgram makes what a command runs with: the clock and chance of the machine, and a log on stderr, in which serve
// tells all that it does and the other commands only what is wrong.
func newProgram(stdin io.Reader, stdout, stderr io.Writer, env func(string) string, command string) *program {
	level := slog.LevelWarn
	if command == "serve" {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{ReplaceAttr: plainTime, Level: level}))
	return &program{stdin: stdin, stdout: stdout, stderr: stderr, env: env, now: time.Now, random: rand.Reader, log: log}
}

// plainTime shortens the time of a log line for the eye of who runs it on a terminal.
func plainTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.String(slog.TimeKey, a.Value.Time().Format("15:04:05.000"))
	}
	return a
}

// wrongCall is an error of whoever called: a flag that is not there, an argument too few.
type wrongCall struct{ why string }

func (e *wrongCall) Error() string { return e.why }

func wrong(format string, args ...any) error { return &wrongCall{fmt.Sprintf(format, args...)} }

// errHelp says that help was asked for and given.
var errHelp = errors.New("help")

func (p *program) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		p.usage(p.stderr)
		return wrong("which command?")
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if len(args) < 2 {
			p.usage(p.stdout)
			return nil
		}
		args = []string{args[1], "--help"}
	case "-version", "--version":
		args = []string{"version"}
	}
	var names []string
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(p, ctx, args[1:])
		}
		names = append(names, c.name)
	}
	return wrong("there is no command %q; there are %s", args[0], strings.Join(names, ", "))
}

func (p *program) usage(w io.Writer) {
	fmt.Fprint(w, "cutline draws social cards for published articles, has them reviewed, and posts them.\n\nusage: cutline COMMAND [flags]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.line)
	}
	fmt.Fprint(w, "\ncutline COMMAND --help says more.\n")
}

// print writes v as JSON to stdout.
func (p *program) print(v any) error {
	e := json.NewEncoder(p.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// place is where the stories are and by which configuration, as the flags say.
type place struct {
	data, bucket, config string
}

// flags adds --data, --bucket and --config.
func (l *place) flags(f *flags) {
	f.StringVar(&l.data, "data", "", "`DIR`: the folder with the stories (default data)")
	f.StringVar(&l.bucket, "bucket", "", "`s3://NAME`: the bucket with the stories, in place of a folder")
	l.configFlag(f)
}

func (l *place) configFlag(f *flags) {
	f.StringVar(&l.config, "config", "", "`F`: the configuration (default $CUTLINE_CONFIG, else cutline.yaml)")
}

// store opens the stories. A folder that is not there is made only if fresh is set.
func (p *program) store(ctx context.Context, l *place, fresh bool) (*story.Store, error) {
	if l.data != "" && l.bucket != "" {
		return nil, wrong("the stories are in a folder or in a bucket: give --data or --bucket, not both")
	}
	ref := l.bucket
	if ref == "" {
		if l.data == "" {
			l.data = "data"
		}
		if ref = l.data; strings.HasPrefix(ref, "s3://") {
			return nil, wrong("--data is a folder; for a bucket say --bucket %s", ref)
		}
		if _, err := os.Stat(ref); err != nil && !fresh {
			return nil, fmt.Errorf("there are no stories in %s: say where they are with --data or --bucket", ref)
		}
	} else if !strings.HasPrefix(ref, "s3://") {
		return nil, wrong("--bucket wants s3://NAME, have %q", ref)
	}
	b, err := bucket.Open(ctx, ref, p.now, account)
	if err != nil {
		return nil, err
	}
	return &story.Store{Bucket: b, Now: p.now, Random: p.random}, nil
}

// account finds credentials wherever AWS's own tools look for them. It is a [bucket.Account].
func account(ctx context.Context, region string) (aws.Config, error) {
	var opts []func(*awsconfig.LoadOptions) error
	if region != "" {
		opts = append(opts, awsconfig.WithRegion(region))
	}
	return awsconfig.LoadDefaultConfig(ctx, opts...)
}

// configPath is the configuration's file: the flag's, the environment's, or the one in this folder or with the stories.
func (p *program) configPath(l *place) string {
	for _, path := range []string{l.config, p.env("CUTLINE_CONFIG")} {
		if path != "" {
			return path
		}
	}
	if _, err := os.Stat("cutline.yaml"); err != nil && l.data != "" {
		beside := filepath.Join(l.data, "cutline.yaml")
		if _, err := os.Stat(beside); err == nil {
			return beside
		}
	}
	return "cutline.yaml"
}

// configuration loads it. An object of the bucket can be named too, as "bucket:KEY".
func (p *program) configuration(ctx context.Context, l *place, st *story.Store) (*config.Config, error) {
	path := p.configPath(l)
	c, err := config.LoadRef(ctx, path, func(ctx context.Context, key string) ([]byte, error) {
		if st == nil {
			return nil, errors.New("there is no bucket to read it from")
		}
		o, err := st.Bucket.Get(ctx, key)
		return o.Body, err
	}, lambda.Parameters(account, p.now))
	if errors.Is(err, os.ErrNotExist) && l.config == "" {
		return nil, fmt.Errorf("%w: name the configuration with --config", err)
	}
	return c, err
}

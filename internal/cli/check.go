package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime/debug"
	"slices"

	"cutline/fonts"
	"cutline/internal/config"
	"cutline/internal/render"
	"cutline/internal/source"
	"cutline/internal/typeset"
)

// Version is the version that this source stands for.
const Version = "0.1.0"

func (p *program) version(_ context.Context, args []string) error {
	f := p.newFlags("version", "", "Prints the version, the commit it was built from and the Go version, as JSON.")
	if err := f.parse(args, nil); err != nil {
		return err
	}
	out := struct {
		Version string `json:"version"`
		Commit  string `json:"commit,omitempty"`
		Go      string `json:"go,omitempty"`
	}{Version: Version}
	if b, ok := debug.ReadBuildInfo(); ok {
		out.Go = b.GoVersion
		for _, s := range b.Settings {
			if s.Key == "vcs.revision" {
				out.Commit = s.Value
			}
		}
	}
	return p.print(out)
}

func (p *program) check(ctx context.Context, args []string) error {
	f := p.newFlags("check", "[--config F]", `
Checks a configuration: every key, every name, every theme, and that each secret can be read. It calls no network but
the parameter store, where secrets are kept there.

  cutline check --config sample/cutline.yaml`)
	var l place
	l.configFlag(f)
	if err := f.parse(args, nil); err != nil {
		return err
	}
	c, err := p.configuration(ctx, &l, nil)
	if err != nil {
		return err
	}
	if err := checkParts(ctx, c, filepath.Dir(p.configPath(&l))); err != nil {
		return fmt.Errorf("%s: %w", p.configPath(&l), err)
	}
	return p.print(struct {
		Config   string   `json:"config"`
		Sites    []string `json:"sites"`
		Sources  []string `json:"sources"`
		Channels []string `json:"channels"`
	}{p.configPath(&l), sortedNames(c.Sites), sortedNames(c.Sources), sortedNames(c.Channels)})
}

func sortedNames[V any](m map[string]V) []string {
	return append([]string{}, slices.Sorted(maps.Keys(m))...)
}

// checkParts makes everything that the configuration names and reads its secrets, and reports all that fails.
func checkParts(ctx context.Context, c *config.Config, dir string) error {
	var errs []error
	set := typeset.NewFonts(fonts.All()...)
	secret := func(where string, s config.Secret) { errs = append(errs, readSecret(ctx, where, s)) }
	for _, n := range sortedNames(c.Sites) {
		if _, err := render.OpenLook(c.Sites[n], dir, set); err != nil {
			errs = append(errs, fmt.Errorf("sites.%s: %w", n, err))
		}
	}
	for _, n := range sortedNames(c.Sources) {
		s := c.Sources[n]
		if _, err := source.New(n, s, c.Sites[s.Site]); err != nil {
			errs = append(errs, err)
		}
		secret("sources."+n+".secret", s.Secret)
		secret("sources."+n+".old", s.Old)
		secret("sources."+n+".key", s.Key)
	}
	if _, err := openChannels(c, nil, ""); err != nil {
		errs = append(errs, err)
	}
	for _, n := range sortedNames(c.Channels) {
		errs = append(errs, readSecrets(ctx, n, c.Channels[n]))
	}
	for _, name := range sortedNames(c.Desk.People) {
		secret("desk.people."+name, c.Desk.People[name])
	}
	secret("desk.key", c.Desk.Key)
	secret("desk.old_key", c.Desk.OldKey)
	secret("desk.oidc.secret", c.Desk.OIDC.Secret)
	for _, name := range sortedNames(c.Notices) {
		secret("notices."+name+".secret", c.Notices[name].Secret)
	}
	return errors.Join(errs...)
}

package config

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Secret is a reference to a secret: env:NAME, file:PATH (beside the configuration) or ssm:/path (SSM Parameter
// Store, decrypted). The value is read when it is needed and kept for [secretTTL], so a rotated one is taken up
// without a restart. However it is printed, a Secret shows *** and never its value.
type Secret struct {
	ref  string
	dir  string // folder of the configuration, for file:
	read Parameter
	mu   *sync.Mutex
	val  *cachedSecret
}

type cachedSecret struct {
	value string
	until time.Time
}

const secretTTL = 5 * time.Minute

// Parameter reads a parameter of a store by its path, decrypted. It is how ssm: references are resolved; nil where
// there is none.
type Parameter func(ctx context.Context, path string) (string, error)

// NewSecret makes a secret from its reference.
func NewSecret(ref, dir string, read Parameter) (Secret, error) {
	kind, name, ok := strings.Cut(ref, ":")
	if !ok || name == "" || kind != "env" && kind != "file" && kind != "ssm" {
		return Secret{}, fmt.Errorf("a secret is given by reference, as env:NAME, file:PATH or ssm:/path; do not write the secret itself here")
	}
	return Secret{ref: ref, dir: dir, read: read, mu: new(sync.Mutex), val: new(cachedSecret)}, nil
}

// Given says whether the configuration names a secret at all.
func (s Secret) Given() bool { return s.ref != "" }

// Ref is the reference as written, which is no secret.
func (s Secret) Ref() string { return s.ref }

// Value reads the secret. Its error names the reference and never the value.
func (s Secret) Value(ctx context.Context) (string, error) {
	if s.ref == "" {
		return "", fmt.Errorf("no secret is configured")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Before(s.val.until) {
		return s.val.value, nil
	}
	kind, name, _ := strings.Cut(s.ref, ":")
	var v string
	switch kind {
	case "env":
		if v = os.Getenv(name); v == "" {
			return "", fmt.Errorf("secret %s: the environment variable is empty or not set", s.ref)
		}
	case "file":
		if !filepath.IsAbs(name) {
			name = filepath.Join(s.dir, name)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("secret %s: %w", s.ref, err)
		}
		v = strings.TrimRight(string(b), "\r\n")
	case "ssm":
		if s.read == nil {
			return "", fmt.Errorf("secret %s: there is no parameter store here", s.ref)
		}
		var err error
		if v, err = s.read(ctx, name); err != nil {
			return "", fmt.Errorf("secret %s: %w", s.ref, err)
		}
	}
	if v == "" {
		return "", fmt.Errorf("secret %s is empty", s.ref)
	}
	*s.val = cachedSecret{v, now.Add(secretTTL)}
	return v, nil
}

func (s Secret) String() string               { return "***" }
func (s Secret) GoString() string             { return "***" }
func (s Secret) LogValue() slog.Value         { return slog.StringValue("***") }
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal("***") }
func (s Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

package config

import (
	"fmt"
	"strings"
)

// Template is a text with functions in double braces, as "{{summary}} {{link}}". Package channel reads it; here it
// only knows where it stands, so that what is wrong with it can be said with file, line and key.
type Template struct {
	text string
	file string
	line int
	key  string
}

// NewTemplate makes a template that stands in no file.
func NewTemplate(key, text string) Template { return Template{text: text, key: key} }

// Given says whether the configuration has one.
func (t Template) Given() bool { return t.text != "" }

// String is the template as written.
func (t Template) String() string { return t.text }

// Key is its path in the configuration, as "channels.bsky.template".
func (t Template) Key() string { return t.key }

// Wrong is an error about the template, with its place.
func (t Template) Wrong(format string, args ...any) error {
	what := t.key + ": " + fmt.Sprintf(format, args...)
	if t.file == "" {
		return fmt.Errorf("%s", what)
	}
	return &Error{t.file, t.line, strings.TrimSpace(what)}
}

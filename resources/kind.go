package resources

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SingletonName is the name of the only resource of a kind with Singleton.
const SingletonName = "default"

// Kind is what the store has to know of one kind of resource. Its functions must not call methods of the store that change anything.
type Kind struct {
	Name string // "alert-rule"
	// Validate returns the spec in the form in which it is stored, or what is wrong with it. Equal resources have equal bytes.
	Validate func(name string, spec json.RawMessage) (canonical json.RawMessage, err error)
	// Redact returns the spec without secrets. Nil for kinds that have none.
	Redact func(spec json.RawMessage) json.RawMessage
	// Merge returns the new spec with the secrets of the old one where the new one holds what Redact put there. It is called before
	// Validate; old is nil where the resource does not exist. Nil for kinds without secrets.
	Merge func(old, new json.RawMessage) (json.RawMessage, error)
	// Singleton says that there is at most one, of the name SingletonName. An empty name means that one.
	Singleton bool
	MaxCount  int // most resources of the kind; 0 for no bound
	MaxSpec   int // most bytes of a spec; 0 takes Config.MaxSpec
}

func (k *Kind) redact(spec json.RawMessage) json.RawMessage {
	if spec == nil || k == nil || k.Redact == nil {
		return spec
	}
	return k.Redact(spec)
}

// Key is the identity of a resource.
type Key struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// String returns kind/name.
func (k Key) String() string { return k.Kind + "/" + k.Name }

var (
	kindName   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	sourceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
)

// forbidden are the characters that Azure forbids in the names of rules.
const (
	forbidden = `*#&+:<>?@%{}\/`
	maxName   = 252
)

// checkName returns the name that a resource of the kind has, or a *NameError.
func (k *Kind) checkName(name string) (string, error) {
	bad := func(rule string) (string, error) { return "", &NameError{Name: name, Rule: rule} }
	if k.Singleton {
		if name != "" && name != SingletonName {
			return bad("must be " + SingletonName + " or not given, because there is only one " + k.Name)
		}
		return SingletonName, nil
	}
	switch {
	case name == "":
		return bad("must be given")
	case !utf8.ValidString(name):
		return bad("must be UTF-8")
	case utf8.RuneCountInString(name) > maxName:
		return bad(fmt.Sprintf("must have at most %d characters", maxName))
	case strings.ContainsAny(name, forbidden):
		return bad("must hold none of " + forbidden)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return bad("must hold printable characters only")
	case strings.HasPrefix(name, " ") || strings.HasSuffix(name, " ") || strings.HasSuffix(name, "."):
		return bad("must not begin with a space or end with a space or a period")
	case strings.Trim(name, ".") == "":
		return bad("must hold something other than periods")
	}
	return name, nil
}

// checkSource returns a *NameError for what is no name of a source of provisioning.
func checkSource(source string) error {
	if !sourceName.MatchString(source) {
		return fmt.Errorf("source: %w", &NameError{Name: source, Rule: "must have 1 to 63 of A-Z, a-z, 0-9, period, underscore and hyphen, and begin with a letter or digit"})
	}
	return nil
}

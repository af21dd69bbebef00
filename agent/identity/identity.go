package identity

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/endscope/endscope/agent/kube"
	"github.com/endscope/endscope/scopes"
)

// Explicit is what the operator wrote in flags or in the file; empty where nothing was written.
type Explicit struct{ Endpoint, Deployment, Instance string }

// Settings is what code passes to Resolve. The zero value reads the machine, without a cluster.
type Settings struct {
	Explicit Explicit
	// Pod asks the cluster for a pod: kube.Client.Pod, and nil outside clusters. Namespace is used where nothing else tells it.
	Pod       func(ctx context.Context, namespace, name string) (kube.Pod, error)
	Namespace string

	Root     string                   // in front of /proc; for tests
	Getenv   func(name string) string // os.Getenv when nil
	Hostname func() (string, error)   // os.Hostname when nil
}

// Value is one name and where it was found, such as "label endscope.io/endpoint of pod prod/blue-0".
type Value struct{ Value, Source string }

// PodRef is the pod that the agent runs in; fields are empty where they are not known.
type PodRef struct{ Namespace, Name, UID, Node string }

// Result is what was found.
type Result struct {
	Endpoint, Deployment, Instance Value

	Container Value  // the container that serves the model; empty where it is not known
	Image     string // of that container, as it was asked for
	Component string // KServe: predictor, transformer or explainer; else empty
	Pod       PodRef // empty outside Kubernetes

	// Notes say what a source could not tell, and why, for people: a missing Role, a socket that may not be opened. The caller logs or prints them.
	Notes []string
}

// Path returns endpoint, deployment and instance.
func (r Result) Path() scopes.Path {
	return scopes.Path{Endpoint: r.Endpoint.Value, Deployment: r.Deployment.Value, Instance: r.Instance.Value}
}

// ConflictError says that one part is stated twice, differently.
type ConflictError struct {
	Part scopes.Level
	A, B Value
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s: %q (%s) and %q (%s) contradict each other; make them equal or remove one", e.Part, e.A.Value, e.A.Source, e.B.Value, e.B.Source)
}

// NameError says that what a source gives is not a valid name. It wraps the *scopes.NameError.
type NameError struct {
	Part  scopes.Level
	Value Value
	Err   error
}

func (e *NameError) Error() string {
	return fmt.Sprintf("%s: %s gives no valid name: %v; state another with %s", e.Part, e.Value.Source, e.Err, ways(e.Part))
}

// Unwrap returns the rule that is broken.
func (e *NameError) Unwrap() error { return e.Err }

// MissingError says that no source gives a part.
type MissingError struct {
	Part  scopes.Level
	Notes []string // what sources could not tell; only in the first error of this kind
}

func (e *MissingError) Error() string {
	text := fmt.Sprintf("%s: nothing says it; set %s", e.Part, ways(e.Part))
	if len(e.Notes) > 0 {
		text += " (" + strings.Join(e.Notes, "; ") + ")"
	}
	return text
}

// ways lists how an operator states a part.
func ways(part scopes.Level) string {
	return fmt.Sprintf("--%s, the variable %s, or the label endscope.io/%s", part, variable(part), part)
}

func variable(part scopes.Level) string { return "ENDSCOPE_" + strings.ToUpper(string(part)) }

// claim is what one source says of one part.
type claim struct {
	Value
	stated bool // outright; a suggestion when false
}

// finding collects what the sources say. A source adds claims in its own order; sources are asked in the order of their rank.
type finding struct {
	claims map[scopes.Level][]claim
	Result
}

func (f *finding) state(part scopes.Level, value, source string) { f.add(part, value, source, true) }
func (f *finding) suggest(part scopes.Level, value, source string) {
	f.add(part, value, source, false)
}

func (f *finding) add(part scopes.Level, value, source string, stated bool) {
	if value != "" {
		f.claims[part] = append(f.claims[part], claim{Value{value, source}, stated})
	}
}

func (f *finding) note(format string, args ...any) {
	f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
}

// Resolve asks every source that is on. The error joins a *ConflictError, *NameError or *MissingError for each part that could not be
// settled, that of Config.Validate, and that of a source which the operator asked for by name; the result holds what was found all the same.
func Resolve(ctx context.Context, cfg Config, set Settings) (Result, error) {
	if err := cfg.Validate(); err != nil {
		return Result{}, err
	}
	if set.Getenv == nil {
		set.Getenv = os.Getenv
	}
	if set.Hostname == nil {
		set.Hostname = os.Hostname
	}
	f := &finding{claims: map[scopes.Level][]claim{}}
	f.state(scopes.LevelEndpoint, set.Explicit.Endpoint, "flag or file")
	f.state(scopes.LevelDeployment, set.Explicit.Deployment, "flag or file")
	f.state(scopes.LevelInstance, set.Explicit.Instance, "flag or file")
	if cfg.Container != "" {
		f.Container = Value{cfg.Container, "identity.container"}
	}
	if cfg.Environment != ModeOff {
		readEnvironment(f, set.Getenv)
	}
	var errs []error
	if cfg.Kubernetes != ModeOff {
		readKubernetes(ctx, f, cfg, set)
	}
	if cfg.Docker != ModeOff {
		errs = append(errs, readDocker(ctx, f, cfg, set))
	}
	if host, err := set.Hostname(); err != nil {
		f.note("the host has no name: %v", err)
	} else {
		f.suggest(scopes.LevelInstance, host, "host name")
	}
	for i, into := range []*Value{&f.Endpoint, &f.Deployment, &f.Instance} {
		value, err := f.settle(scopes.Levels()[i])
		*into = value
		errs = append(errs, err)
	}
	for i, err := range errs { // what could not be told is said once
		if missing, ok := errors.AsType[*MissingError](err); ok {
			missing.Notes = f.Notes
			errs[i] = missing
			break
		}
	}
	return f.Result, errors.Join(errs...)
}

// settle picks the value of one part: the first that is stated, when all that are stated agree, and else the first suggestion.
func (f *finding) settle(part scopes.Level) (Value, error) {
	var chosen *claim
	for i := range f.claims[part] {
		c := &f.claims[part][i]
		switch {
		case chosen == nil, c.stated && !chosen.stated:
			chosen = c
		case c.stated && c.Value.Value != chosen.Value.Value:
			return chosen.Value, &ConflictError{Part: part, A: chosen.Value, B: c.Value}
		}
	}
	if chosen == nil {
		return Value{}, &MissingError{Part: part}
	}
	if err := scopes.ValidateName(part, chosen.Value.Value); err != nil {
		return chosen.Value, &NameError{Part: part, Value: chosen.Value, Err: err}
	}
	return chosen.Value, nil
}

// readEnvironment reads the variables of Endscope's own.
func readEnvironment(f *finding, getenv func(string) string) {
	for _, part := range scopes.Levels() {
		f.state(part, getenv(variable(part)), "environment variable "+variable(part))
	}
	if name := getenv("ENDSCOPE_CONTAINER"); name != "" && f.Container.Value == "" {
		f.Container = Value{name, "environment variable ENDSCOPE_CONTAINER"}
	}
}

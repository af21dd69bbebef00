package conf

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/endscope/endscope/internal/config"
)

// FileFlag is the flag that names the configuration file.
const FileFlag = "config.file"

// Validator is what a configuration must be: every rule that it breaks is one config.FieldError in the error that it returns.
type Validator interface{ Validate() error }

// Loader reads one configuration of type T: its defaults, then a file, then flags.
type Loader[T Validator] struct {
	defaults func() T
	leaves   []leaf
	file     string
	set      map[string]*flagValue // by key
}

// New returns a loader for the struct that defaults returns; defaults is called once for each load. The error names a key
// without help or one that is declared twice, and is a fault of the program, not of its operator.
func New[T Validator](defaults func() T) (*Loader[T], error) {
	t := reflect.TypeFor[T]()
	if err := checkType(t); err != nil {
		return nil, err
	}
	return &Loader[T]{defaults: defaults, leaves: bySection(leaves(t, "", nil)), set: map[string]*flagValue{}}, nil
}

// Fields lists every key with its default, in the order of the struct.
func (l *Loader[T]) Fields() []Field {
	v := reflect.ValueOf(l.defaults())
	out := make([]Field, 0, len(l.leaves))
	for _, f := range l.leaves {
		out = append(out, Field{Key: f.key, Flag: f.flag(), Type: typeName(f.typ), Default: inline(v.FieldByIndex(f.index)), Help: f.help})
	}
	return out
}

// AddFlags adds --config.file and one flag for every key that fits on a command line.
func (l *Loader[T]) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&l.file, FileFlag, "", "Read the configuration from this YAML `file`; flags win over it.")
	v := reflect.ValueOf(l.defaults())
	for _, f := range l.leaves {
		if f.flag() == "" {
			continue
		}
		fv := &flagValue{typ: f.typ, text: flagDefault(v.FieldByIndex(f.index))}
		l.set[f.key] = fv
		flag := fs.VarPF(fv, f.flag(), "", strings.ReplaceAll(f.help, "`", "'"))
		if fv.Type() == "bool" {
			flag.NoOptDefVal = "true"
		}
	}
}

// File returns the path that --config.file was given, or "".
func (l *Loader[T]) File() string { return l.file }

// Load reads defaults, --config.file and the flags that were given, and validates the result. Its error is an Errors with
// everything that is wrong. It may be called again to read the file anew.
func (l *Loader[T]) Load() (T, error) { return l.load(l.file, l.set) }

// LoadFile reads defaults and one file, without any flags.
func (l *Loader[T]) LoadFile(path string) (T, error) { return l.load(path, nil) }

func (l *Loader[T]) load(path string, set map[string]*flagValue) (T, error) {
	cfg := l.defaults()
	v := reflect.ValueOf(&cfg).Elem()
	var errs Errors
	d := &decoder{file: path, pos: map[string]position{}, text: map[string]string{}}
	if path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return cfg, Errors{fmt.Errorf("read the configuration: %w", err)}
		}
		d.decode(v, data)
	}
	failed := map[string]bool{}
	for _, e := range d.errs {
		errs = append(errs, e)
		failed[e.Key] = true
	}
	for _, f := range l.leaves {
		fv := set[f.key]
		if fv == nil || !fv.given {
			continue
		}
		if err := fv.apply(v.FieldByIndex(f.index)); err != nil {
			errs = append(errs, &Error{Flag: f.flag(), Key: f.key, Value: quoteEmpty(fv.String()), Bound: err.Error()})
			failed[f.key] = true
		}
	}
	for _, err := range flatten(cfg.Validate()) {
		fe, ok := err.(*config.FieldError)
		if !ok {
			errs = append(errs, err)
			continue
		}
		if !failed[fe.Key] {
			errs = append(errs, l.locate(fe, d, set))
		}
	}
	if len(errs) == 0 {
		return cfg, nil
	}
	slices.SortStableFunc(errs, byPlace)
	return cfg, errs
}

// byPlace puts what stands in the file first, by line, and leaves the rest in its order.
func byPlace(a, b error) int {
	line := func(err error) int {
		if e, ok := err.(*Error); ok && e.File != "" {
			return e.Line
		}
		return math.MaxInt
	}
	return cmp.Compare(line(a), line(b))
}

// locate says where the operator wrote the value that a rule refuses: a flag, a line of the file, or nowhere.
func (l *Loader[T]) locate(fe *config.FieldError, d *decoder, set map[string]*flagValue) error {
	e := &Error{Key: fe.Key, Value: quoteEmpty(shorten(fe.Value)), Bound: shorten(fe.Bound)}
	if fv := set[fe.Key]; fv != nil && fv.given {
		e.Flag, e.Value = FlagName(fe.Key), quoteEmpty(fv.String())
		return e
	}
	if text, ok := d.text[fe.Key]; ok {
		e.Value = quoteEmpty(text)
	}
	isLeaf := slices.ContainsFunc(l.leaves, func(f leaf) bool { return f.key == fe.Key })
	for key := fe.Key; key != ""; key = parentKey(key) {
		if p, ok := d.pos[key]; ok {
			e.File, e.Line, e.Column = d.file, p.line, p.column
			return e
		}
		if isLeaf {
			break // the file does not have it; only what stands inside a value is blamed on that value
		}
	}
	if e.Value == `""` {
		e.Value = "" // nothing was given, so there is nothing to show
	}
	if _, ok := set[fe.Key]; ok {
		e.Bound += fmt.Sprintf("; set --%s or the key in the file", FlagName(fe.Key))
	}
	return e
}

// shorten writes the durations in a message as an operator does: Go says 2h0m0s for 2h.
func shorten(text string) string { return tail.ReplaceAllString(text, "$1") }

var tail = regexp.MustCompile(`\b(\d+h(?:\d*[1-9]\d*m)?|\d+m)(?:0m)?0s\b`)

func parentKey(key string) string { return key[:max(0, strings.LastIndexAny(key, ".["))] }

func flatten(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, flatten(e)...)
		}
		return all
	}
	if fields := config.Fields(err); len(fields) == 1 {
		return []error{fields[0]}
	}
	return []error{err}
}

// FlagKeys lists the flags that AddFlags adds besides --config.file, sorted.
func (l *Loader[T]) FlagKeys() []string {
	names := map[string]bool{}
	for _, f := range l.leaves {
		if name := f.flag(); name != "" {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

package conf

import (
	"reflect"
	"slices"
	"strings"

	"github.com/endscope/endscope/internal/config"
)

// Changed returns the keys whose values differ between two configurations, in the order of the struct.
func (l *Loader[T]) Changed(a, b T) []string {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	var keys []string
	for _, f := range l.leaves {
		x, y := va.FieldByIndex(f.index), vb.FieldByIndex(f.index)
		bothEmpty := slices.Contains([]reflect.Kind{reflect.Slice, reflect.Map}, f.typ.Kind()) && x.Len() == 0 && y.Len() == 0
		if !bothEmpty && !reflect.DeepEqual(x.Interface(), y.Interface()) {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// Flags returns the value of every flag in a configuration, as the flag would be written, without secrets.
func (l *Loader[T]) Flags(cfg T) map[string]string {
	v := reflect.ValueOf(l.masked(cfg))
	out := map[string]string{}
	for _, f := range l.leaves {
		if f.flag() != "" {
			out[f.flag()] = flagDefault(v.FieldByIndex(f.index))
		}
	}
	return out
}

// YAML returns what WriteYAML writes, without secrets.
func (l *Loader[T]) YAML(cfg T) (string, error) {
	var b strings.Builder
	err := l.WriteYAML(&b, l.masked(cfg))
	return b.String(), err
}

var secretType = reflect.TypeFor[config.Secret]()

// masked returns a configuration with the mask in the place of every secret.
func (l *Loader[T]) masked(cfg T) T {
	v := reflect.ValueOf(&cfg).Elem()
	for _, f := range l.leaves {
		if field := v.FieldByIndex(f.index); f.typ == secretType && field.String() != "" {
			field.SetString(config.SecretMask)
		}
	}
	return cfg
}

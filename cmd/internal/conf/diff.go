package conf

import (
	"reflect"
	"slices"
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

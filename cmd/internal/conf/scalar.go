package conf

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
)

// ParseDuration reads a duration as Prometheus writes it (93d, 1h30m, 1w) or as Go does (1.5h, 250us, -1s).
func ParseDuration(text string) (time.Duration, error) {
	if d, err := model.ParseDuration(text); err == nil {
		return time.Duration(d), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("must be a duration such as 15s, 90m or 93d")
	}
	return d, nil
}

// FormatDuration writes what ParseDuration reads, with the largest units that hold it exactly.
func FormatDuration(d time.Duration) string {
	if d <= 0 || d%time.Millisecond != 0 {
		if d == 0 {
			return "0s"
		}
		return d.String()
	}
	return model.Duration(d).String()
}

// setText sets v, a scalar, from text. Its error reads on from a key: "must be true or false".
func setText(v reflect.Value, text string) error {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		target := reflect.New(t.Elem())
		if err := setText(target.Elem(), text); err != nil {
			return err
		}
		v.Set(target)
		return nil
	case t == durationType:
		d, err := ParseDuration(text)
		if err != nil {
			return err
		}
		v.SetInt(int64(d))
		return nil
	case isText(t):
		target := reflect.New(t)
		if err := target.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			if t == bytesType {
				return errors.New("must be a size such as 512MiB")
			}
			return err
		}
		v.Set(target.Elem())
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		switch text {
		case "true":
			v.SetBool(true)
		case "false":
			v.SetBool(false)
		default:
			return errors.New("must be true or false")
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, t.Bits())
		if errors.Is(err, strconv.ErrRange) {
			limit := int64(math.MaxInt64) >> (64 - t.Bits())
			return fmt.Errorf("must be a whole number between %d and %d", -limit-1, limit)
		}
		if err != nil {
			return errors.New("must be a whole number")
		}
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, t.Bits())
		if errors.Is(err, strconv.ErrRange) {
			return fmt.Errorf("must be a whole number between 0 and %d", uint64(math.MaxUint64)>>(64-t.Bits()))
		}
		if err != nil {
			return errors.New("must be a whole number that is not negative")
		}
		v.SetUint(n)
	default:
		f, err := strconv.ParseFloat(text, t.Bits())
		if err != nil || math.IsNaN(f) {
			return errors.New("must be a number")
		}
		v.SetFloat(f)
	}
	return nil
}

// formatScalar writes what setText reads.
func formatScalar(v reflect.Value) string {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		return formatScalar(v.Elem())
	case t == durationType:
		return FormatDuration(time.Duration(v.Int()))
	case isText(t):
		if m, ok := v.Interface().(encoding.TextMarshaler); ok {
			if text, err := m.MarshalText(); err == nil {
				return string(text)
			}
		}
		return fmt.Sprint(v.Interface())
	}
	switch t.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, t.Bits())
	default:
		return fmt.Sprint(v.Interface())
	}
}

package ingest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"github.com/prometheus/prometheus/model/labels"
)

// proto reads a logproto.PushRequest, of which streams = 1. Texts are read in place; what is stored is copied.
func (l *lokiPush) proto(msg []byte) error {
	for len(msg) > 0 {
		f, rest, err := next(msg)
		if err != nil {
			return malformed("Loki push: %s", err)
		}
		msg = rest
		if f.num != 1 {
			continue
		}
		if f.typ != wireBytes {
			return malformed("Loki push: streams: %s", errWireType)
		}
		if err := l.protoStream(f.bytes); err != nil {
			var whole *Error
			if errors.As(err, &whole) {
				return err
			}
			return malformed("Loki push: stream: %s", err)
		}
	}
	return nil
}

// protoStream reads a StreamAdapter: labels = 1, entries = 2. The labels come first however they are sent.
func (l *lokiPush) protoStream(msg []byte) error {
	var text []byte
	for rest := msg; len(rest) > 0; {
		f, tail, err := next(rest)
		if err != nil {
			return err
		}
		rest = tail
		if f.num <= 2 && f.typ != wireBytes {
			return errWireType
		}
		if f.num == 1 {
			text = f.bytes
		}
	}
	ls, err := parseLokiLabels(string(text))
	if err != nil {
		return err
	}
	l.stream(ls)
	for len(msg) > 0 {
		f, rest, err := next(msg)
		if err != nil {
			return err
		}
		msg = rest
		if f.num != 2 {
			continue
		}
		if l.dropped {
			l.count++
			continue
		}
		if err := l.protoEntry(f.bytes); err != nil {
			return err
		}
	}
	return nil
}

// protoEntry reads an EntryAdapter: timestamp = 1, line = 2, structured metadata = 3.
func (l *lokiPush) protoEntry(msg []byte) error {
	if err := l.begin(); err != nil {
		return err
	}
	var line string
	var metadata []labels.Label
	for len(msg) > 0 {
		f, rest, err := next(msg)
		if err != nil {
			return fmt.Errorf("entry: %w", err)
		}
		msg = rest
		if f.num > 3 {
			continue
		}
		if f.typ != wireBytes {
			return fmt.Errorf("entry: %w", errWireType)
		}
		switch f.num {
		case 1:
			seconds, nanos, err := protoTimestamp(f.bytes)
			if err != nil {
				return err
			}
			if seconds != 0 || nanos != 0 { // otherwise it was left out
				l.at(seconds, nanos)
			}
		case 2:
			line = unsafe.String(unsafe.SliceData(f.bytes), len(f.bytes))
		case 3:
			name, value, err := label(f.bytes) // the same message as a label of remote write
			if err != nil {
				return err
			}
			metadata = append(metadata, labels.Label{Name: unsafe.String(unsafe.SliceData(name), len(name)), Value: unsafe.String(unsafe.SliceData(value), len(value))})
		}
	}
	l.finish(line, metadata)
	return nil
}

// protoTimestamp reads a google.protobuf.Timestamp: seconds = 1, nanos = 2.
func protoTimestamp(msg []byte) (seconds, nanos int64, err error) {
	for len(msg) > 0 {
		f, rest, err := next(msg)
		if err != nil {
			return 0, 0, fmt.Errorf("timestamp: %w", err)
		}
		msg = rest
		switch {
		case f.num > 2:
		case f.typ != wireVarint:
			return 0, 0, fmt.Errorf("timestamp: %w", errWireType)
		case f.num == 1:
			seconds = int64(f.value)
		default:
			nanos = int64(int32(f.value))
		}
	}
	return seconds, nanos, nil
}

// parseLokiLabels reads labels as Loki's protobuf form has them: {name="value", other="value"}, with Go's escapes.
func parseLokiLabels(text string) (ls []labels.Label, err error) {
	bad := func(what string) ([]labels.Label, error) {
		return nil, fmt.Errorf("labels %q: %s", clip([]byte(text)), what)
	}
	rest := strings.TrimSpace(text)
	if rest == "" {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(rest, "{")
	if !ok {
		return bad("must be in braces")
	}
	for {
		rest = strings.TrimLeft(rest, " \t\r\n,")
		if rest == "}" {
			return ls, nil
		}
		name, tail, ok := strings.Cut(rest, "=")
		if !ok {
			return bad(`must be a list of name="value" that ends with a brace`)
		}
		if name = strings.TrimSpace(name); strings.HasPrefix(name, `"`) {
			if name, err = strconv.Unquote(name); err != nil {
				return bad("a name's quotes do not end, or hold an escape that is none")
			}
		}
		if name == "" || strings.ContainsAny(name, `{}",`) {
			return bad("a label has no name")
		}
		tail = strings.TrimLeft(tail, " \t\r\n")
		quoted, err := strconv.QuotedPrefix(tail)
		if err != nil || quoted[0] == '\'' {
			return bad(`the value of ` + strconv.Quote(clip([]byte(name))) + ` is not in quotes, or holds an escape that is none`)
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return bad(`the value of ` + strconv.Quote(clip([]byte(name))) + ` holds an escape that is none`)
		}
		ls = append(ls, labels.Label{Name: name, Value: value})
		rest = tail[len(quoted):]
	}
}

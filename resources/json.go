package resources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep a document may be nested.
const maxDepth = 64

// checkJSON returns an error unless a spec is one JSON object in UTF-8 in which no object has a key twice and nothing is nested too deep.
func checkJSON(spec json.RawMessage) error {
	if !utf8.Valid(spec) {
		return errors.New("spec: must be UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(spec))
	d.UseNumber()
	if t, err := d.Token(); err != nil {
		return fmt.Errorf("spec: must be a JSON object: %s", jsonError(err))
	} else if t != json.Delim('{') {
		return errors.New("spec: must be a JSON object")
	}
	if err := checkObject(d, "", 1); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("spec: must be one JSON object, with nothing after it")
	}
	return nil
}

func jsonError(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// checkObject reads on from the { of an object at path.
func checkObject(d *json.Decoder, path string, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return fmt.Errorf("%s: %s", or(path, "spec"), jsonError(err))
		}
		key, ok := t.(string)
		if !ok {
			return fmt.Errorf("%s: a key must be a string", or(path, "spec"))
		}
		below := strings.TrimPrefix(path+"."+shortKey(key), ".")
		if seen[key] {
			return fmt.Errorf("%s: is given twice", below)
		}
		seen[key] = true
		if err := checkValue(d, below, depth); err != nil {
			return err
		}
	}
	return closing(d, path)
}

func checkValue(d *json.Decoder, path string, depth int) error {
	t, err := d.Token()
	if err != nil {
		return fmt.Errorf("%s: %s", or(path, "spec"), jsonError(err))
	}
	if t != json.Delim('{') && t != json.Delim('[') {
		return nil
	}
	if depth++; depth > maxDepth {
		return fmt.Errorf("%s: is nested deeper than %d levels", shown(path), maxDepth)
	}
	if t == json.Delim('{') {
		return checkObject(d, path, depth)
	}
	for i := 0; d.More(); i++ {
		if err := checkValue(d, fmt.Sprintf("%s[%d]", path, i), depth); err != nil {
			return err
		}
	}
	return closing(d, path)
}

func closing(d *json.Decoder, path string) error {
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("%s: %s", or(path, "spec"), jsonError(err))
	}
	return nil
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

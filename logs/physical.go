package logs

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/internal/duck"
)

// physical is a column of a table's files.
type physical struct {
	name   string
	kind   duck.Type
	column int  // the column of the table that it comes from
	role   role // what of that column it holds
	empty  bool // missing is "", not null
}

type role uint8

const (
	whole    role = iota
	uuidPart      // the column's text when it is a UUID in its usual form, otherwise null
	textPart      // the column's text when it is something else, otherwise null
	hashPart      // Hash of the column's text
)

// physicalColumns returns the columns of the table's files, in their order there.
func (s *Schema) physicalColumns() []physical {
	var all []physical
	for i, c := range s.Columns {
		switch {
		case s.Computed(c.Name):
		case slices.Contains(s.ids, c.Name):
			all = append(all,
				physical{c.Name + hashSuffix, duck.Integer, i, hashPart, false},
				physical{c.Name + uuidSuffix, duck.UUID, i, uuidPart, false},
				physical{c.Name, duck.Varchar, i, textPart, false})
		default:
			all = append(all, physical{c.Name, duckType(c.Type), i, whole, c.Type == logrows.String})
		}
	}
	return all
}

func duckType(t logrows.Type) duck.Type {
	switch t {
	case logrows.Bool:
		return duck.Boolean
	case logrows.Int:
		return duck.Integer
	case logrows.Long, logrows.Datetime, logrows.Timespan:
		return duck.Bigint
	case logrows.Real:
		return duck.Double
	}
	return duck.Varchar // also Decimal, whose digits must all stay
}

// stored returns SQL for a stored column as queries see it.
func (s *Schema) stored(column string) string {
	if slices.Contains(s.ids, column) {
		return fmt.Sprintf("coalesce(CAST(%s AS VARCHAR), %s, '')", quoteName(column+uuidSuffix), quoteName(column))
	}
	return quoteName(column)
}

// createStatement returns the statement that makes the table of rows in the file that is attached as catalog.
func (s *Schema) createStatement(catalog string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s.rows (", catalog)
	for i, p := range s.physicalColumns() {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.declaration())
	}
	b.WriteString(")")
	return b.String()
}

func (p physical) declaration() string {
	if p.empty {
		return quoteName(p.name) + " " + p.kind.String() + " DEFAULT ''"
	}
	return quoteName(p.name) + " " + p.kind.String()
}

// vectors returns a batch as the columns of the table's files.
func (s *Schema) vectors(columns []physical, b *logrows.Batch) []duck.Vector {
	out := make([]duck.Vector, len(columns))
	for i, p := range columns {
		v := &b.Columns[p.column]
		switch p.role {
		case whole:
			out[i] = duck.Vector{Bools: v.Bools, Longs: v.Longs, Reals: v.Reals, Strings: v.Strings, Nulls: v.Nulls, Empty: p.empty}
		case hashPart:
			// Its companions follow it.
			out[i], out[i+1], out[i+2] = idVectors(v.Strings, b.Rows)
		}
	}
	return out
}

func idVectors(texts []string, rows int) (hashes, uuids, others duck.Vector) {
	hashes.Longs = make([]int64, rows)
	if texts == nil {
		empty := Hash("")
		for i := range hashes.Longs {
			hashes.Longs[i] = empty
		}
		return hashes, uuids, others
	}
	uuids.UUIDs, uuids.Nulls = make([][16]byte, rows), make([]bool, rows)
	for i, s := range texts {
		hashes.Longs[i] = Hash(s)
		if parseUUID(&uuids.UUIDs[i], s) {
			if others.Strings != nil {
				others.Nulls[i] = true
			}
			continue
		}
		uuids.Nulls[i] = true
		if s == "" {
			if others.Strings != nil {
				others.Nulls[i] = true
			}
			continue
		}
		if others.Strings == nil {
			others.Strings, others.Nulls = make([]string, rows), make([]bool, rows)
			for j := range i {
				others.Nulls[j] = true
			}
		}
		others.Strings[i] = s
	}
	return hashes, uuids, others
}

// parseUUID reads the one form that DuckDB writes, 8-4-4-4-12 lower-case digits, so that the text comes back as it was.
func parseUUID(out *[16]byte, s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	var digits [32]byte
	copy(digits[0:], s[0:8])
	copy(digits[8:], s[9:13])
	copy(digits[12:], s[14:18])
	copy(digits[16:], s[19:23])
	copy(digits[20:], s[24:36])
	for _, c := range digits {
		if 'A' <= c && c <= 'F' {
			return false
		}
	}
	_, err := hex.Decode(out[:], digits[:])
	return err == nil
}

// checkBatch returns an error when the batch does not have the shape of the table: that is a mistake in the program, not in a row.
func (s *Schema) checkBatch(b *logrows.Batch) error {
	if b.Table == nil || b.Table.Name != s.Name || len(b.Columns) != len(s.Columns) {
		return fmt.Errorf("a batch of %d columns is no batch of table %s, which has %d", len(b.Columns), s.Name, len(s.Columns))
	}
	for i, c := range s.Columns {
		v := &b.Columns[i]
		var used int
		switch duckType(c.Type) {
		case duck.Boolean:
			used = len(v.Bools)
		case duck.Integer, duck.Bigint:
			used = len(v.Longs)
		case duck.Double:
			used = len(v.Reals)
		default:
			used = len(v.Strings)
		}
		if used != b.Rows && used != 0 || v.Nulls != nil && len(v.Nulls) != b.Rows {
			return fmt.Errorf("column %s of a batch of %d rows has %d values and %d nulls", c.Name, b.Rows, used, len(v.Nulls))
		}
	}
	return nil
}

// cleanTexts makes every text of the batch valid UTF-8, which DuckDB relies on: bytes that are not become U+FFFD.
func cleanTexts(b *logrows.Batch) {
	for i := range b.Columns {
		texts := b.Columns[i].Strings
		for j, s := range texts {
			if !utf8.ValidString(s) {
				texts[j] = strings.ToValidUTF8(s, "\uFFFD")
			}
		}
	}
}

package config

import (
	"fmt"

	"github.com/alecthomas/units"
)

// Bytes is a size that is written with a binary unit: `512MiB`, `1GiB`, `4096B`. A bare number other than 0 is refused, so
// that nobody has to guess its unit.
type Bytes int64

// ParseBytes reads a size such as "512MiB" (also "512MB", which means the same). It returns an error naming the text otherwise.
func ParseBytes(text string) (Bytes, error) {
	if text == "0" {
		return 0, nil
	}
	n, err := units.ParseBase2Bytes(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a size such as 512MiB", text)
	}
	return Bytes(n), nil
}

// String returns the size with the largest units that hold it exactly: "1GiB512MiB".
func (b Bytes) String() string {
	if b == 0 {
		return "0"
	}
	return units.Base2Bytes(b).String()
}

// UnmarshalText reads what ParseBytes reads.
func (b *Bytes) UnmarshalText(text []byte) error {
	n, err := ParseBytes(string(text))
	if err != nil {
		return err
	}
	*b = n
	return nil
}

// MarshalText writes what String writes.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

package fn

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/endscope/endscope/logs/kql/value"
)

const (
	versionParts  = 4
	versionDigits = 8 // of each part
)

// parseVersionFunctions make versions comparable.
func parseVersionFunctions() []Scalar {
	return []Scalar{
		textFunction("parse_version(version: string): decimal", "Returns a version of one to four numbers with dots as a decimal that can be compared.", parseVersion),
	}
}

// parseVersion gives each part eight digits; parts that are missing are 0. It is null for more parts, longer ones and what is no number.
func parseVersion(s string) value.Value {
	parts := strings.Split(s, ".")
	if len(parts) > versionParts {
		return nil
	}
	var digits strings.Builder
	for i := range versionParts {
		part := "0"
		if i < len(parts) {
			part = parts[i]
		}
		if part == "" || len(part) > versionDigits || strings.Trim(part, "0123456789") != "" {
			return nil
		}
		digits.WriteString(strings.Repeat("0", versionDigits-len(part)))
		digits.WriteString(part)
	}
	d, _, err := apd.NewFromString(digits.String())
	if err != nil {
		return nil
	}
	return value.Dec(d)
}

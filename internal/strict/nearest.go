package strict

import (
	"strings"

	"github.com/endscope/endscope/internal/spelling"
)

// Nearest returns the name that was probably meant: the same without regard to case, or at most two letters away; "" for none.
func Nearest(name string, known []string) string {
	if len(name) > 64 {
		return ""
	}
	best, least := "", 3
	for _, k := range known {
		if strings.EqualFold(name, k) {
			return k
		}
		if d := spelling.Distance(strings.ToLower(name), strings.ToLower(k)); d < least && d < len(k)/2 {
			best, least = k, d
		}
	}
	return best
}

package scrape

import "github.com/endscope/endscope/internal/spelling"

// didYouMean returns "; did you mean X?" for the one of names that is at most a few slips from text, the first where several are as near, and "" where none is.
func didYouMean(text string, names []string) string {
	best, away := "", min(len(text)/3, 4)+1
	if len(text) > 100 { // no name is as long, and the cost grows with it
		return ""
	}
	for _, name := range names {
		if d := spelling.Distance(text, name); d < away {
			best, away = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

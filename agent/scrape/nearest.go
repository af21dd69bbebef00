package scrape

// didYouMean returns "; did you mean X?" for the one of names that is at most a few slips from text, the first where several are as near, and "" where none is.
func didYouMean(text string, names []string) string {
	best, away := "", min(len(text)/3, 4)+1
	if len(text) > 100 { // no name is as long, and the cost grows with it
		return ""
	}
	for _, name := range names {
		if d := editDistance(text, name); d < away {
			best, away = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// editDistance returns how many bytes must be put in, taken out or changed to make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

package query

import "fmt"

// ParamError says that one part of a request is not allowed. Name is the parameter, Value what was given, Rule what is
// allowed and reads on from the value.
type ParamError struct {
	Name, Value, Rule string
}

func (e *ParamError) Error() string {
	value := e.Value
	if len(value) > 200 {
		value = value[:200] + "…"
	}
	return fmt.Sprintf("%s %q: %s", e.Name, value, e.Rule)
}

// AnswerLimitError says that an answer would be too large. How says what to ask for instead.
type AnswerLimitError struct {
	Series, Points int // what was asked for; one is 0 where the other alone is too many
	Limit          int
	How            string
}

func (e *AnswerLimitError) Error() string {
	if e.Series == 0 {
		return fmt.Sprintf("the answer would have %d points for each series, more than the limit of %d: %s", e.Points, e.Limit, e.How)
	}
	if e.Points == 0 {
		return fmt.Sprintf("the answer would have at least %d series, more than the limit of %d: %s", e.Series, e.Limit, e.How)
	}
	return fmt.Sprintf("the answer would have %d series × %d points = %d values, more than the limit of %d: %s",
		e.Series, e.Points, e.Series*e.Points, e.Limit, e.How)
}

package condition

// Verdict is what a check of a criterion or of a whole rule came to.
type Verdict uint8

// The verdicts.
const (
	Unmet    Verdict = iota
	Met              // the condition holds
	NoData           // nothing to compare: the rule's policy says what that is
	Error            // the evaluation failed: no check
	Unjudged         // there is data, and a dynamic threshold is not learnt yet: no check
)

const verdictCount = 5

func (v Verdict) String() string {
	if v >= verdictCount {
		return "invalid"
	}
	return [verdictCount]string{"unmet", "met", "no data", "error", "unjudged"}[v]
}

func verdictOf(met bool) Verdict {
	if met {
		return Met
	}
	return Unmet
}

// All returns the verdict of a rule whose criteria came to these: Error if one failed, else Unmet if one is unmet, else Unjudged if one
// could not be judged, else NoData if one had none, else Met. So an unmet criterion keeps a rule from firing by the absence of another's
// data, and a rule none of whose criteria is unmet follows its no-data policy. None at all are an Error.
func All(list ...Verdict) Verdict {
	if len(list) == 0 {
		return Error
	}
	var seen [verdictCount]bool
	for _, v := range list {
		if int(v) >= verdictCount {
			return Error
		}
		seen[v] = true
	}
	for _, v := range []Verdict{Error, Unmet, Unjudged, NoData} {
		if seen[v] {
			return v
		}
	}
	return Met
}

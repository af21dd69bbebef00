package fn

import "github.com/endscope/endscope/logs/kql/value"

// seriesFillFunctions replace missing elements: nulls, or the elements that equal a placeholder.
func seriesFillFunctions() []Scalar {
	return []Scalar{
		seriesFunction("series_fill_const(series: dynamic, [constant_value: number], [missing_value_placeholder: number]): dynamic",
			"Replaces missing elements by a constant, 0 if there is none.", func(a []value.Value) (value.Value, error) {
				in, missing := a[0].(value.Array), placeholder(a, 2)
				fill := value.Value(int64(0))
				if len(a) > 1 && a[1] != nil {
					fill = asDynamic(a[1])
				}
				out := make(value.Array, len(in))
				for i, v := range in {
					if out[i] = v; missing(v) {
						out[i] = fill
					}
				}
				return out, nil
			}),
		seriesFunction("series_fill_forward(series: dynamic, [missing_value_placeholder: number]): dynamic",
			"Replaces missing elements by the one before them.", func(a []value.Value) (value.Value, error) {
				out, missing := append(value.Array{}, a[0].(value.Array)...), placeholder(a, 1)
				for i := 1; i < len(out); i++ {
					if missing(out[i]) {
						out[i] = out[i-1]
					}
				}
				return out, nil
			}),
		seriesFunction("series_fill_backward(series: dynamic, [missing_value_placeholder: number]): dynamic",
			"Replaces missing elements by the one after them.", func(a []value.Value) (value.Value, error) {
				out, missing := append(value.Array{}, a[0].(value.Array)...), placeholder(a, 1)
				for i := len(out) - 2; i >= 0; i-- {
					if missing(out[i]) {
						out[i] = out[i+1]
					}
				}
				return out, nil
			}),
		seriesFunction("series_fill_linear(series: dynamic, [missing_value_placeholder: number], [fill_edges: bool], [constant_value: number]): dynamic",
			"Replaces missing elements on the line between their neighbours; those at the ends by the neighbour; all by a constant where all are missing.", fillLinear),
	}
}

// placeholder returns the test for a missing element, given the placeholder as argument i. Without one, or with null, null is missing.
func placeholder(a []value.Value, i int) func(value.Value) bool {
	if i >= len(a) || a[i] == nil {
		return func(v value.Value) bool { return v == nil }
	}
	sign, ok := value.ToFloat(a[i])
	return func(v value.Value) bool {
		x, isNumber := number(v)
		return ok && isNumber && x == sign
	}
}

func fillLinear(a []value.Value) (value.Value, error) {
	in, missing := a[0].(value.Array), placeholder(a, 1)
	edges := true
	if len(a) > 2 && a[2] != nil {
		edges, _ = a[2].(bool)
	}
	out := append(value.Array{}, in...)
	var known []int
	whole := true
	for i, v := range in {
		if missing(v) {
			continue
		}
		known = append(known, i)
		if _, isLong := v.(int64); !isLong {
			whole = false
		}
	}
	if len(known) == 0 {
		fill := value.Value(0.0)
		if len(a) > 3 {
			fill = asDynamic(a[3])
		}
		for i := range out {
			out[i] = fill
		}
		return out, nil
	}
	if edges {
		for i := range known[0] {
			out[i] = in[known[0]]
		}
		for i := known[len(known)-1] + 1; i < len(out); i++ {
			out[i] = in[known[len(known)-1]]
		}
	}
	for k := 1; k < len(known); k++ {
		left, right := known[k-1], known[k]
		x, ok1 := number(in[left])
		y, ok2 := number(in[right])
		for i := left + 1; i < right && ok1 && ok2; i++ {
			z := x + (y-x)*float64(i-left)/float64(right-left)
			if out[i] = z; whole {
				out[i] = int64(z) // series of whole numbers stay so
			}
		}
	}
	return out, nil
}

package fn

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

// js is a dynamic value written as JSON.
func js(text string) value.Value {
	v, ok := value.ParseJSON(text)
	if !ok {
		panic("no JSON: " + text)
	}
	return v
}

func jsonOf(v value.Value) string { return string(value.AppendJSON(nil, v)) }

func TestSeriesFunctions(t *testing.T) {
	day := value.Time(value.Day)
	cases := map[string]int{}
	for _, c := range []struct {
		name string
		args []value.Value
		want string
	}{
		{"series_abs", []value.Value{js(`[-2, 1.5, -0.5, null, "x"]`)}, "[2,1.5,0.5,null,null]"},
		{"series_abs", []value.Value{value.Array{int64(math.MinInt64)}}, "[9.223372036854776E+18]"},
		{"series_abs", []value.Value{js(`"no series"`)}, "null"},
		{"series_sign", []value.Value{js(`[-2.5, 0, 3, null]`)}, "[-1,0,1,null]"},
		{"series_sign", []value.Value{js(`[]`)}, "[]"},
		{"series_sign", []value.Value{js(`[1e300, -1e-300]`)}, "[1,-1]"},
		{"series_not", []value.Value{js(`[true, false, 1]`)}, "[false,true,null]"},
		{"series_not", []value.Value{js(`[null]`)}, "[null]"},
		{"series_not", []value.Value{js(`{}`)}, "null"},
		{"series_ceiling", []value.Value{js(`[1.2, -1.2, 3]`)}, "[2.0,-1.0,3.0]"},
		{"series_ceiling", []value.Value{js(`["1"]`)}, "[null]"},
		{"series_ceiling", []value.Value{nil}, "null"},
		{"series_floor", []value.Value{js(`[1.8, -1.2, 3]`)}, "[1.0,-2.0,3.0]"},
		{"series_floor", []value.Value{js(`[true]`)}, "[null]"},
		{"series_floor", []value.Value{js(`[]`)}, "[]"},
		{"series_exp", []value.Value{js(`[0, 1]`)}, "[1.0,2.718281828459045]"},
		{"series_exp", []value.Value{js(`[-1000]`)}, "[0.0]"},
		{"series_exp", []value.Value{js(`[null, 0]`)}, "[null,1.0]"},
		{"series_log", []value.Value{js(`[1, 2.718281828459045]`)}, "[0.0,1.0]"},
		{"series_log", []value.Value{js(`[0, -1]`)}, `["-Infinity","NaN"]`},
		{"series_log", []value.Value{js(`[null]`)}, "[null]"},
		{"series_sin", []value.Value{js(`[0, 1.5707963267948966]`)}, "[0.0,1.0]"},
		{"series_sin", []value.Value{js(`["a"]`)}, "[null]"},
		{"series_sin", []value.Value{js(`7`)}, "null"},
		{"series_cos", []value.Value{js(`[0, 3.141592653589793]`)}, "[1.0,-1.0]"},
		{"series_cos", []value.Value{js(`["a"]`)}, "[null]"},
		{"series_cos", []value.Value{js(`[]`)}, "[]"},
		{"series_tan", []value.Value{js(`[0, null]`)}, "[0.0,null]"},
		{"series_tan", []value.Value{js(`[0.7853981633974483]`)}, "[1.0]"},
		{"series_tan", []value.Value{js(`[]`)}, "[]"},
		{"series_asin", []value.Value{js(`[0, 1]`)}, "[0.0,1.5707963267948966]"},
		{"series_asin", []value.Value{js(`[2]`)}, `["NaN"]`},
		{"series_asin", []value.Value{js(`[null]`)}, "[null]"},
		{"series_acos", []value.Value{js(`[1, -1]`)}, "[0.0,3.141592653589793]"},
		{"series_acos", []value.Value{js(`[-2]`)}, `["NaN"]`},
		{"series_acos", []value.Value{js(`[null]`)}, "[null]"},
		{"series_atan", []value.Value{js(`[0, 1e300]`)}, "[0.0,1.5707963267948966]"},
		{"series_atan", []value.Value{js(`[null]`)}, "[null]"},
		{"series_atan", []value.Value{js(`[]`)}, "[]"},

		{"series_add", []value.Value{js(`[1, 2.5, null]`), js(`[10, 1, 1, 4]`)}, "[11,3.5,null,null]"},
		{"series_add", []value.Value{js(`[1, 2]`), 10}, "[11,12]"},
		{"series_add", []value.Value{value.Array{day * 719162}, 1}, "[1.0]"},
		{"series_add", []value.Value{value.Array{int64(math.MaxInt64)}, js(`[1]`)}, "[9.223372036854776E+18]"},
		{"series_subtract", []value.Value{js(`[5, 1]`), js(`[2, 1.5]`)}, "[3,-0.5]"},
		{"series_subtract", []value.Value{1, js(`[2, 3]`)}, "[-1,-2]"},
		{"series_subtract", []value.Value{js(`"x"`), js(`"y"`)}, "null"},
		{"series_multiply", []value.Value{js(`[2, 3]`), js(`[4, 0.5]`)}, "[8,1.5]"},
		{"series_multiply", []value.Value{js(`[2, "x"]`), 3}, "[6,null]"},
		{"series_multiply", []value.Value{js(`[]`), js(`[1]`)}, "[null]"},
		{"series_divide", []value.Value{js(`[1, 4]`), js(`[2, 2]`)}, "[0.5,2.0]"},
		{"series_divide", []value.Value{js(`[1, 0]`), 0}, `["Infinity","NaN"]`},
		{"series_divide", []value.Value{12, js(`[3, null]`)}, "[4.0,null]"},
		{"series_pow", []value.Value{js(`[2, 9]`), js(`[3, 0.5]`)}, "[8.0,3.0]"},
		{"series_pow", []value.Value{js(`[2, 3]`), 2}, "[4.0,9.0]"},
		{"series_pow", []value.Value{js(`[null]`), 2}, "[null]"},
		{"series_equals", []value.Value{js(`[1, 2, 3]`), js(`[1, 2.5]`)}, "[true,false,null]"},
		{"series_equals", []value.Value{js(`[9007199254740993]`), js(`[9007199254740992]`)}, "[false]"},
		{"series_equals", []value.Value{value.Array{math.NaN()}, value.Array{math.NaN()}}, "[false]"},
		{"series_not_equals", []value.Value{js(`[1, 2]`), 1}, "[false,true]"},
		{"series_not_equals", []value.Value{value.Array{math.NaN()}, 1}, "[true]"},
		{"series_not_equals", []value.Value{js(`[null]`), 1}, "[null]"},
		{"series_greater", []value.Value{js(`[1, 2, 3]`), 2}, "[false,false,true]"},
		{"series_greater", []value.Value{js(`[1.5]`), js(`[1]`)}, "[true]"},
		{"series_greater", []value.Value{js(`["x"]`), js(`[1]`)}, "[null]"},
		{"series_greater_equals", []value.Value{js(`[1, 2, 3]`), 2}, "[false,true,true]"},
		{"series_greater_equals", []value.Value{2, js(`[1, 2, 3]`)}, "[true,true,false]"},
		{"series_greater_equals", []value.Value{value.Array{math.NaN()}, 1}, "[false]"},
		{"series_less", []value.Value{js(`[1, 2, 3]`), 2}, "[true,false,false]"},
		{"series_less", []value.Value{js(`[1]`), js(`[1.5, 2]`)}, "[true,null]"},
		{"series_less", []value.Value{nil, 2}, "null"},
		{"series_less_equals", []value.Value{js(`[1, 2, 3]`), 2}, "[true,true,false]"},
		{"series_less_equals", []value.Value{js(`[1]`), js(`[null]`)}, "[null]"},
		{"series_less_equals", []value.Value{js(`[]`), js(`[]`)}, "[]"},
		{"series_and", []value.Value{js(`[true, true, 1]`), js(`[true, false, true]`)}, "[true,false,null]"},
		{"series_and", []value.Value{js(`[true, false]`), true}, "[true,false]"},
		{"series_and", []value.Value{js(`[true]`), js(`[]`)}, "[null]"},
		{"series_or", []value.Value{js(`[true, false]`), js(`[false, false]`)}, "[true,false]"},
		{"series_or", []value.Value{false, js(`[true, null]`)}, "[true,null]"},
		{"series_or", []value.Value{js(`[0]`), js(`[1]`)}, "[null]"},

		{"series_sum", []value.Value{js(`[1, 2.5, null, "x"]`)}, "3.5"},
		{"series_sum", []value.Value{js(`[]`)}, "0.0"},
		{"series_sum", []value.Value{js(`{}`)}, "null"},
		{"series_product", []value.Value{js(`[2, 2.5, null]`)}, "5.0"},
		{"series_product", []value.Value{js(`[]`)}, "1.0"},
		{"series_product", []value.Value{js(`2`)}, "null"},
		{"series_magnitude", []value.Value{js(`[3, 4, null]`)}, "5.0"},
		{"series_magnitude", []value.Value{js(`[]`)}, "0.0"},
		{"series_magnitude", []value.Value{js(`"x"`)}, "null"},
		{"series_dot_product", []value.Value{js(`[1, 2, 3]`), js(`[4, 5]`)}, "14.0"},
		{"series_dot_product", []value.Value{js(`[1, null, 3]`), 2}, "8.0"},
		{"series_dot_product", []value.Value{js(`[]`), js(`[1]`)}, "null"},
		{"series_cosine_similarity", []value.Value{js(`[1, 0]`), js(`[0, 2]`)}, "0.0"},
		{"series_cosine_similarity", []value.Value{js(`[3, 4]`), js(`[3, 4, 9]`)}, "1.0"},
		{"series_cosine_similarity", []value.Value{js(`[3, 4]`), js(`[6, 8]`), 5, 20}, "0.5"},
		{"series_pearson_correlation", []value.Value{js(`[1, 2, 3]`), js(`[3, 2, 1]`)}, "-1.0"},
		{"series_pearson_correlation", []value.Value{js(`[1, 2, 3]`), js(`[3, 2]`)}, "null"},
		{"series_pearson_correlation", []value.Value{js(`[1, null, 3]`), js(`[3, 2, 1]`)}, "null"},

		{"series_fill_const", []value.Value{js(`[1, null, 2.5]`), 7}, "[1,7,2.5]"},
		{"series_fill_const", []value.Value{js(`[null]`)}, "[0]"},
		{"series_fill_const", []value.Value{js(`[-1, null, 2]`), 0.5, -1}, "[0.5,null,2]"},
		{"series_fill_forward", []value.Value{js(`[null, 1, null, null, 2]`)}, "[null,1,1,1,2]"},
		{"series_fill_forward", []value.Value{js(`[5, 0, 0, 2]`), 0}, "[5,5,5,2]"},
		{"series_fill_forward", []value.Value{js(`[]`)}, "[]"},
		{"series_fill_backward", []value.Value{js(`[null, 1, null, 2, null]`)}, "[1,1,2,2,null]"},
		{"series_fill_backward", []value.Value{js(`[0, 0, 3]`), 0.0}, "[3,3,3]"},
		{"series_fill_backward", []value.Value{js(`"x"`)}, "null"},
		{"series_fill_linear", []value.Value{js(`[null, 1.0, null, null, 4.0, null]`)}, "[1.0,1.0,2.0,3.0,4.0,4.0]"},
		{"series_fill_linear", []value.Value{js(`[1, null, 4]`)}, "[1,2,4]"},
		{"series_fill_linear", []value.Value{js(`[0, 2, 0, 3.0, 0]`), 0, false}, "[0,2,2.5,3.0,0]"},
		{"series_fill_linear", []value.Value{js(`[null, null]`)}, "[0.0,0.0]"},
		{"series_fill_linear", []value.Value{js(`[null, null]`), nil, true, 2.5}, "[2.5,2.5]"},
		{"series_fill_linear", []value.Value{js(`[null, null]`), nil, true, nil}, "[null,null]"},

		{"series_fir", []value.Value{js(`[2, 4, 6, 8]`), js(`[1, 1]`)}, "[1.0,3.0,5.0,7.0]"},
		{"series_fir", []value.Value{js(`[2, 4, 7]`), js(`[1, -1]`)}, "[2.0,2.0,3.0]"},
		{"series_fir", []value.Value{js(`[0, 3, 0, 0]`), js(`[1, 1, 1]`), true, true}, "[1.0,1.0,1.0,0.0]"},
		{"series_fir", []value.Value{js(`[1, 2]`), js(`[1, 1]`), false}, "[1.0,3.0]"},
		{"series_fir", []value.Value{js(`[1, 2]`), js(`[1, -1]`), true}, "null"},
		{"series_fir", []value.Value{js(`[1, null, 2, 3]`), js(`[1, 1]`)}, "[0.5,null,null,2.5]"},
		{"series_iir", []value.Value{js(`[1, 1, 1]`), js(`[1]`), js(`[1, -0.5]`)}, "[1.0,1.5,1.75]"},
		{"series_iir", []value.Value{js(`[2, 2]`), js(`[1, 1]`), js(`[2]`)}, "[1.0,2.0]"},
		{"series_iir", []value.Value{js(`[1]`), js(`[1]`), js(`[0]`)}, "null"},
		{"series_fft", []value.Value{js(`[1, 1, 1, 1]`)}, "[[4.0,0.0,0.0,0.0],[0.0,0.0,0.0,0.0]]"},
		{"series_fft", []value.Value{js(`[1]`), js(`[2]`)}, "[[1.0],[2.0]]"},
		{"series_fft", []value.Value{js(`[1, null]`)}, "null"},
		{"series_ifft", []value.Value{js(`[4, 0, 0, 0]`)}, "[[1.0,1.0,1.0,1.0],[0.0,0.0,0.0,0.0]]"},
		{"series_ifft", []value.Value{js(`[0, 1]`), js(`[0, 1]`)}, "[[0.5,-0.5],[0.5,-0.5]]"},
		{"series_ifft", []value.Value{js(`[1, 2]`), js(`[1]`)}, "null"},

		{"series_stats", []value.Value{js(`[3, 1, 2]`)}, "[1.0,1,3.0,0,2.0,1.0,1.0]"},
		{"series_stats", []value.Value{js(`[3, null]`)}, "null"},
		{"series_stats", []value.Value{js(`[null, 3, 3]`), true}, "[3.0,1,3.0,1,3.0,0.0,0.0]"},
		{"series_stats_dynamic", []value.Value{js(`[3, 1, 2]`)}, `{"min":1.0,"min_idx":1,"max":3.0,"max_idx":0,"avg":2.0,"stdev":1.0,"variance":1.0,"sum":6.0,"len":3}`},
		{"series_stats_dynamic", []value.Value{js(`[]`)}, "null"},
		{"series_stats_dynamic", []value.Value{js(`["x", 4]`), true}, `{"min":4.0,"min_idx":1,"max":4.0,"max_idx":1,"avg":4.0,"stdev":0.0,"variance":0.0,"sum":4.0,"len":1}`},

		{"series_fit_line", []value.Value{js(`[3, 5, 7]`)}, "[1.0,2.0,4.0,0.0,1.0,[3.0,5.0,7.0]]"},
		{"series_fit_line", []value.Value{js(`[0, 3, 0]`)}, "[0.0,0.0,3.0,3.0,1.0,[1.0,1.0,1.0]]"},
		{"series_fit_line", []value.Value{js(`[0, null]`)}, "null"},
		{"series_fit_line_dynamic", []value.Value{js(`[3, 5, 7]`)}, `{"rsquare":1.0,"slope":2.0,"variance":4.0,"rvariance":0.0,"interception":1.0,"line_fit":[3.0,5.0,7.0]}`},
		{"series_fit_line_dynamic", []value.Value{js(`[5]`)}, `{"rsquare":1.0,"slope":0.0,"variance":0.0,"rvariance":0.0,"interception":5.0,"line_fit":[5.0]}`},
		{"series_fit_line_dynamic", []value.Value{js(`[]`)}, "null"},
		{"series_fit_2lines", []value.Value{js(`[1, 2, 3, 9, 8, 7]`)}, "[1.0,3,11.6,0.0,[1.0,2.0,3.0,9.0,8.0,7.0],1.0,-1.0,10.0,1.0,0.0,1.0,1.0,0.0,1.0,0.0]"},
		{"series_fit_2lines", []value.Value{js(`[1, 2]`)}, "[1.0,2,0.5,0.0,[1.0,2.0],0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,0.5,0.0]"},
		{"series_fit_2lines", []value.Value{js(`["x"]`)}, "null"},
		{"series_fit_2lines_dynamic", []value.Value{js(`[1, 2, 3, 9, 8, 7]`)}, `{"rsquare":1.0,"split_idx":3,"variance":11.6,"rvariance":0.0,"line_fit":[1.0,2.0,3.0,9.0,8.0,7.0],"right":{"rsquare":1.0,"slope":-1.0,"interception":10.0,"variance":1.0,"rvariance":0.0},"left":{"rsquare":1.0,"slope":1.0,"interception":0.0,"variance":1.0,"rvariance":0.0}}`},
		{"series_fit_2lines_dynamic", []value.Value{js(`[null]`)}, "null"},
		{"series_fit_2lines_dynamic", []value.Value{js(`7`)}, "null"},
		{"series_fit_poly", []value.Value{js(`[3]`)}, "null"},
		{"series_fit_poly", []value.Value{js(`[3, 5]`), js(`[1, 1]`)}, "null"},
		{"series_fit_poly", []value.Value{js(`[3, 5]`), js(`[0, null]`)}, "null"},

		{"series_outliers", []value.Value{js(`[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100]`), "tukey"}, "[-0.5,-0.3,-0.1,0.0,0.0,0.0,0.0,0.0,0.1,0.3,18.3]"},
		{"series_outliers", []value.Value{js(`[-10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, null]`), "ctukey", nil}, "[-1.25,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.125,0.0]"},
		{"series_outliers", []value.Value{js(`[1, 2]`), "other"}, "error: series_outliers(): the kind of the test must be 'tukey' or 'ctukey' (got 'other')"},
		{"series_outliers", []value.Value{js(`[1, 2]`), "ctukey", nil, 1}, "error: series_outliers(): the percentiles must be from 2 to 98, the lower one first (got 1 and 90)"},
		{"series_outliers", []value.Value{js(`[]`)}, "[]"},
		{"series_outliers", []value.Value{js(`[5, 5, 5, 5]`)}, "[0.0,0.0,0.0,0.0]"},

		{"series_periods_detect", []value.Value{js(`[1, 2]`), 0.0, 50.0, 2}, "[[0.0,0.0],[0.0,0.0]]"},
		{"series_periods_detect", []value.Value{js(`[7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7]`), 0.0, 50.0, 1}, "[[0.0],[0.0]]"},
		{"series_periods_detect", []value.Value{js(`[]`), 0.0, 50.0, 0}, "error: series_periods_detect(): the number of periods must be from 1 to 1000 (got 0)"},
		{"series_periods_validate", []value.Value{js(`[1, 2]`), 4.0}, "[[4.0],[0.0]]"},
		{"series_periods_validate", []value.Value{js(`[1,2,3,4,1,2,3,4,1,2,3,4,1,2,3,4]`), 3.0, 100.0}, "[[3.0,100.0],[0.0,0.0]]"},
		{"series_periods_validate", []value.Value{nil, 3.0}, "null"},

		{"series_seasonal", []value.Value{js(`[1, 5, 3, 7, 2, 90]`), 2}, "[2.0,7.0,2.0,7.0,2.0,7.0]"},
		{"series_seasonal", []value.Value{js(`[1, 5, 3, 7, 2, 90]`), 2, 2}, "[2.0,6.0,2.0,6.0,2.0,6.0]"},
		{"series_seasonal", []value.Value{js(`[1, 5, 3]`)}, "[0.0,0.0,0.0]"},
		{"series_seasonal", []value.Value{js(`[1, 5, 3]`), 2, -1}, "error: series_seasonal(): the number of test points must not be negative (got -1)"},
		{"series_decompose", []value.Value{js(`[1, 5, 1, 5, null]`), 2}, "[[1.0,5.0,1.0,5.0,1.0],[1.0,5.0,1.0,5.0,1.0],[0.0,0.0,0.0,0.0,0.0],[0.0,0.0,0.0,0.0,null]]"},
		{"series_decompose", []value.Value{js(`[1, 2, 3, 100]`), 0, "linefit", 1}, "[[1.0,2.0,3.0,4.0],[0.0,0.0,0.0,0.0],[1.0,2.0,3.0,4.0],[0.0,0.0,0.0,96.0]]"},
		{"series_decompose", []value.Value{js(`[1, 2]`), 0, "none"}, "[[0.0,0.0],[0.0,0.0],[0.0,0.0],[1.0,2.0]]"},
		{"series_decompose", []value.Value{js(`[1, 2]`), 0, "curve"}, "error: series_decompose(): the trend must be 'avg', 'linefit' or 'none' (got 'curve')"},
		{"series_decompose_forecast", []value.Value{js(`[2, 4, 6, null, null]`), 2, 0}, "[2.0,4.0,6.0,8.0,10.0]"},
		{"series_decompose_forecast", []value.Value{js(`[2, 4, 6, null]`), 1, 0, "avg"}, "[4.0,4.0,4.0,4.0]"},
		{"series_decompose_forecast", []value.Value{js(`[2, 4]`), -1}, "error: series_decompose_forecast(): the number of test points must not be negative (got -1)"},
		{"series_decompose_anomalies", []value.Value{js(`[4, 4, 4, 4, 4, 4, 4, 4, 4, 4]`)}, "[[0,0,0,0,0,0,0,0,0,0],[0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0],[4.0,4.0,4.0,4.0,4.0,4.0,4.0,4.0,4.0,4.0]]"},
		{"series_decompose_anomalies", []value.Value{js(`[1, 2]`), 1.5, -1, "avg", 0, "fence"}, "error: series_decompose_anomalies(): the kind of the test must be 'tukey' or 'ctukey' (got 'fence')"},
		{"series_decompose_anomalies", []value.Value{js(`"x"`)}, "null"},
	} {
		cases[c.name]++
		v, err := tryCall(t, true, c.name, c.args...)
		got := jsonOf(v)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != c.want {
			t.Errorf("%s(%s)\n got %s\nwant %s", c.name, jsonOf(value.Array(c.args)), got, c.want)
		}
	}
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range lib.ScalarNames() {
		if strings.HasPrefix(name, "series_") && cases[name] < 3 {
			t.Errorf("%s has %d cases here, and must have 3", name, cases[name])
		}
	}
}

func TestSeriesColumnsFitTheResults(t *testing.T) {
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	y := js(`[1, 3, 2, 5, 4, 7, 6, 9, 8, 11]`)
	for name, want := range map[string]string{
		"series_stats":               "series_stats_y_min series_stats_y_min_idx series_stats_y_max series_stats_y_max_idx series_stats_y_avg series_stats_y_stdev series_stats_y_variance",
		"series_fit_line":            "series_fit_line_y_rsquare series_fit_line_y_slope series_fit_line_y_variance series_fit_line_y_rvariance series_fit_line_y_interception series_fit_line_y_line_fit",
		"series_fit_poly":            "series_fit_poly_y_rsquare series_fit_poly_y_coefficients series_fit_poly_y_variance series_fit_poly_y_rvariance series_fit_poly_y_poly_fit",
		"series_fft":                 "series_fft_y_real series_fft_y_imag",
		"series_decompose":           "series_decompose_y_baseline series_decompose_y_seasonal series_decompose_y_trend series_decompose_y_residual",
		"series_decompose_anomalies": "series_decompose_anomalies_y_ad_flag series_decompose_anomalies_y_ad_score series_decompose_anomalies_y_baseline",
	} {
		f, _ := lib.Scalar(name)
		cols, err := f.Columns([]Arg{{Name: "y", Type: value.Dynamic}})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		results := call(t, name, y).(value.Array)
		for i, c := range cols {
			names = append(names, c.Name)
			if got := value.TypeOf(results[i]); got != c.Type {
				t.Errorf("%s is declared %s and has %s", c.Name, c.Type, got)
			}
		}
		if got := strings.Join(names, " "); got != want || len(results) != len(cols) {
			t.Errorf("columns %s, want %s (%d results)", got, want, len(results))
		}
	}
}

// reals draws a series of moderate numbers.
func reals(t *rapid.T, label string, least, most int) []float64 {
	return rapid.SliceOfN(rapid.Float64Range(-1000, 1000), least, most).Draw(t, label)
}

func TestFourierAgreesWithItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := reals(t, "xs", 1, 50)
		in := make([]complex128, len(xs))
		for i, x := range xs {
			in[i] = complex(x, xs[len(xs)-1-i]/2)
		}
		out := fft(in, false)
		for k := range in {
			var want complex128
			for j, c := range in {
				want += c * cmplx.Exp(complex(0, -2*math.Pi*float64(j*k)/float64(len(in))))
			}
			if cmplx.Abs(out[k]-want) > 1e-8*(1+cmplx.Abs(want))*float64(len(in)) {
				t.Fatalf("element %d of %d is %v, want %v", k, len(in), out[k], want)
			}
		}
		for i, c := range fft(out, true) {
			if cmplx.Abs(c-in[i]) > 1e-9*1000*float64(len(in)) {
				t.Fatalf("there and back, element %d is %v, was %v", i, c, in[i])
			}
		}
	})
}

func TestPolynomialsFindTheirCoefficients(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		degree := rapid.IntRange(1, 6).Draw(t, "degree")
		want := make([]float64, degree+1)
		for i := range want {
			want[i] = float64(rapid.IntRange(-9, 9).Draw(t, "coefficient"))
		}
		n := degree + 1 + rapid.IntRange(0, 20).Draw(t, "more")
		x, y := make(value.Array, n), make(value.Array, n)
		for i := range n {
			v, p := float64(i)/5-1.5, 0.0
			for _, c := range want {
				p = p*v + c
			}
			x[i], y[i] = v, p
		}
		result, err := fitPoly([]value.Value{y, x, int64(degree)})
		if err != nil || result == nil {
			t.Fatalf("no fit: %v", err)
		}
		got, _ := floats(result.(value.Array)[1])
		for i, c := range want {
			if math.Abs(got[i]-c) > 1e-5*(1+math.Abs(c)) {
				t.Fatalf("coefficients %v, want %v", got, want)
			}
		}
	})
}

func TestPolynomialOfDegreeOneIsTheLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ys := reals(t, "ys", 2, 60)
		f := fitLine(ys)
		result, err := fitPoly([]value.Value{series(ys)})
		if err != nil {
			t.Fatal(err)
		}
		p := result.(value.Array)
		c, _ := floats(p[1])
		if math.Abs(c[0]-f.slope) > 1e-7*(1+math.Abs(f.slope)) || math.Abs(c[1]-f.interception) > 1e-6*(1+math.Abs(f.interception)) ||
			math.Abs(p[0].(float64)-f.rsquare) > 1e-7 {
			t.Fatalf("polynomial %v with %v, line %v + %v with %v", c, p[0], f.slope, f.interception, f.rsquare)
		}
	})
}

// TestTwoLinesAreTheBestSplit compares with fitting both parts anew at every split.
func TestTwoLinesAreTheBestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ys := reals(t, "ys", 4, 40)
		whole, split, _, _ := fitTwoLines(ys)
		best := math.Inf(-1)
		for k := 2; k <= len(ys)-2; k++ {
			values := append(append([]float64{}, fitLine(ys[:k]).values...), fitLine(ys[k:]).values...)
			best = max(best, qualityOf(ys, values).rsquare)
		}
		if whole.rsquare < best-1e-9 || split < 2 || split > len(ys)-2 {
			t.Fatalf("split %d explains %v, the best %v", split, whole.rsquare, best)
		}
	})
}

func TestDecompositionAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := reals(t, "xs", 1, 60)
		points := rapid.IntRange(0, len(xs)-1).Draw(t, "points")
		period := float64(rapid.IntRange(-1, 12).Draw(t, "period"))
		d, err := decomposeSeries(xs, len(xs)-points, period, rapid.SampledFrom([]string{"avg", "linefit", "none"}).Draw(t, "trend"), 0.6)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range xs {
			if math.Abs(d.baseline[i]+d.residual[i]-x) > 1e-9*(1+math.Abs(x)) || math.Abs(d.seasonal[i]+d.trend[i]-d.baseline[i]) > 1e-9*(1+math.Abs(d.baseline[i])) {
				t.Fatalf("element %d: %v is not %v + %v + %v", i, x, d.seasonal[i], d.trend[i], d.residual[i])
			}
		}
	})
}

// daily makes a series of hours with a daily season of amplitude 10, noise of the given size and a trend by hour.
func daily(hours int, noise, trend float64) []float64 {
	random := rand.New(rand.NewPCG(3, 4))
	xs := make([]float64, hours)
	for i := range xs {
		xs[i] = 100 + 10*math.Sin(2*math.Pi*float64(i%24)/24) + noise*random.NormFloat64() + trend*float64(i)
	}
	return xs
}

func TestPeriodsAreFound(t *testing.T) {
	twice := func(hours int) []float64 { // by day and by week
		xs := daily(hours, 1, 0)
		for i := range xs {
			if i%168 >= 120 {
				xs[i] -= 25
			}
		}
		return xs
	}
	noise := make([]float64, 500)
	random := rand.New(rand.NewPCG(5, 6))
	for i := range noise {
		noise[i] = random.NormFloat64()
	}
	flat, walk := make([]float64, 100), make([]float64, 2000)
	for i := range flat {
		flat[i] = 1e9 / 3 * (1 + 1e-16*float64(i%5))
	}
	for i := 1; i < len(walk); i++ {
		walk[i] = 0.9*walk[i-1] + random.NormFloat64()
	}
	line := make([]float64, 200)
	for i := range line {
		line[i] = float64(i) / 3
	}
	for _, c := range []struct {
		name  string
		xs    []float64
		want  []int // the best ones
		least float64
	}{
		{"days", daily(24*14, 0, 0), []int{24}, 0.9},
		{"days with noise", daily(24*14, 3, 0), []int{24}, 0.75},
		{"days on a slope", daily(24*14, 1, 0.5), []int{24}, 0.8},
		{"days and weeks", twice(24 * 7 * 5), []int{168, 24}, 0.4},
		{"noise", noise, nil, 0.6},
		{"a line", line, nil, 0.1},
		{"a level with rounding", flat, nil, 0},
		{"a walk that forgets", walk, nil, 0.3},
		{"too short", daily(7, 0, 0), nil, 0},
	} {
		var got []int
		for _, p := range detectPeriods(c.xs, 0, float64(len(c.xs))) {
			if p.score >= c.least {
				got = append(got, int(p.length))
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: periods %v, want %v", c.name, got, c.want)
		}
	}
	c := correlogramOf(daily(24*14, 1, 0))
	if c.scoreAt(24) < 0.9 || c.scoreAt(24.4) >= c.scoreAt(24) || c.scoreAt(12) != 0 || c.scoreAt(3.9) != 0 || c.scoreAt(169) != 0 || c.scoreAt(math.NaN()) != 0 {
		t.Errorf("scores %v at 24, %v at 24.4, %v at 12", c.scoreAt(24), c.scoreAt(24.4), c.scoreAt(12))
	}
}

func TestAnomaliesAreFound(t *testing.T) {
	spikes := map[int]float64{100: 40, 150: -40, 200: 60}
	for _, c := range []struct {
		name         string
		noise, slope float64
		trend        string
	}{{"level", 1, 0, "avg"}, {"no noise", 0, 0, "avg"}, {"slope", 1, 0.3, "linefit"}} {
		xs := daily(24*14, c.noise, c.slope)
		want := make(value.Array, len(xs))
		for i := range want {
			want[i] = int64(0)
		}
		for i, by := range spikes {
			xs[i] += by
			if want[i] = int64(1); by < 0 {
				want[i] = int64(-1)
			}
		}
		got := call(t, "series_decompose_anomalies", series(xs), 2.5, -1, c.trend).(value.Array)
		if jsonOf(got[0]) != jsonOf(want) {
			t.Errorf("%s: flags\n got %s\nwant %s", c.name, jsonOf(got[0]), jsonOf(want))
		}
	}
}

// TestForecastContinuesTheSeason hides the last day, which must not change what is said of it.
func TestForecastContinuesTheSeason(t *testing.T) {
	xs := daily(24*14, 0, 0.1)
	truth := append([]float64{}, xs...)
	in := series(xs)
	for i := len(in) - 24; i < len(in); i++ {
		in[i] = nil
	}
	got, _ := floats(call(t, "series_decompose_forecast", in, 24))
	for i := len(xs) - 24; i < len(xs); i++ {
		if math.Abs(got[i]-truth[i]) > 1.5 {
			t.Errorf("hour %d is forecast as %.2f, and is %.2f", i, got[i], truth[i])
		}
	}
}

func TestLongSeriesAreFastOrRefused(t *testing.T) {
	const n = 1 << 19
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = math.Sin(2 * math.Pi * float64(i) / 100_000)
	}
	if found := detectPeriods(xs, 0, n); len(found) != 1 || math.Abs(found[0].length-100_000) > 1000 {
		t.Errorf("periods %v, want 100000", found)
	}
	long := series(xs)
	if got := callError(t, "series_fir", long, long[:2000]); !strings.Contains(got, "(got 524288 times 2000)") {
		t.Error(got)
	}
	if got := callError(t, "series_iir", long, js(`[1]`), append(value.Array{1.0}, long[:2000]...)); !strings.Contains(got, "(got 524288 times 2001)") {
		t.Error(got)
	}
}

func TestFitErrorsNameTheLimit(t *testing.T) {
	if got := callError(t, "series_fit_poly", js(`[1, 2, 3]`), nil, 33); got != "series_fit_poly(): the degree must be from 1 to 32 (got 33)" {
		t.Error(got)
	}
	if got := callError(t, "series_fit_poly", js(`[1, 2, 3]`), js(`[1, 2]`)); got != "series_fit_poly(): the series of x and of y must have one length" {
		t.Error(got)
	}
}

package syntax

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// writer makes random queries, token by token, with random spaces, line ends and comments between the tokens.
type writer struct {
	t *rapid.T
	b strings.Builder
	n int // comments so far
}

func (w *writer) oneOf(list ...string) string { return rapid.SampledFrom(list).Draw(w.t, "choice") }
func (w *writer) chance(n int) bool           { return rapid.IntRange(1, n).Draw(w.t, "chance") == 1 }

// put writes tokens, which it finds between the spaces of its argument.
func (w *writer) put(s string) {
	for _, token := range strings.Fields(s) {
		switch rapid.IntRange(0, 40).Draw(w.t, "space") {
		case 0:
			w.n++
			fmt.Fprintf(&w.b, " // comment %d\n", w.n)
		case 1:
			w.n++
			fmt.Fprintf(&w.b, "\n\n  // comment %d \n", w.n)
		case 2, 3:
			w.b.WriteString("\n  ")
		default:
			w.b.WriteString(" ")
		}
		w.b.WriteString(token)
	}
}

func (w *writer) name() {
	w.put(w.oneOf("a", "b", "TotalDurationMs", "count", "type", "time", "step", "project", "['x_y']", `["it's"]`, "$left", "aVeryLongNameOfAColumnThatFillsALine"))
}

func (w *writer) list(depth int, element func(depth int)) {
	for {
		element(depth)
		if w.chance(2) {
			return
		}
		w.put(",")
	}
}

func (w *writer) expr(depth int) {
	if depth <= 0 {
		if w.chance(2) {
			w.name()
		} else {
			w.put(w.oneOf("1", "2.5", "1e10", "0x1F", "5m", "true", `"text"`, `'it\'s'`, `@"a\b"`, "datetime(2020-01-01)", "timespan(1.02:03:04)",
				"long(null)", `dynamic({"k":[1,null,{"d":datetime(2020-01-01)}]})`, "```block```", `"one" 'two'`, "real(-inf)", "int( -5 )"))
		}
		return
	}
	sub := func() { w.expr(depth - 1) }
	switch rapid.IntRange(0, 13).Draw(w.t, "expression") {
	case 0, 1, 2:
		sub()
		w.put(w.oneOf("and", "or", "+", "-", "*", "/", "%", "==", "!=", "<>", "<", ">=", "=~", "!~", "has", "!contains_cs", "matches regex", "startswith"))
		sub()
	case 3:
		sub()
		w.put(w.oneOf("in", "!in", "in~", "!in~", "has_any", "has_all") + " (")
		w.list(depth-1, w.expr)
		w.put(")")
	case 4:
		sub()
		w.put(w.oneOf("between", "!between") + " (")
		sub()
		w.put("..")
		sub()
		w.put(")")
	case 5:
		w.put(w.oneOf("-", "+"))
		sub()
	case 6, 7:
		w.put(w.oneOf("f", "tostring", "bin", "long", "double", "count") + " (")
		if !w.chance(4) {
			w.list(depth-1, w.argument)
		}
		w.put(")")
	case 8:
		w.name()
		w.put(w.oneOf(". b", ". ['c_d']", "[ 0 ]", "[ -1 ] . x"))
	case 9:
		w.put("(")
		sub()
		w.put(")")
	case 10:
		w.put(w.oneOf("toscalar", "materialize") + " (")
		w.query(depth - 1)
		w.put(")")
	case 11:
		w.name()
		w.put("in ( (")
		w.query(depth - 1)
		w.put(") )")
	default:
		w.expr(0)
	}
}

func (w *writer) argument(depth int) {
	if w.chance(6) {
		w.name()
		w.put("=")
	}
	w.expr(depth)
}

func (w *writer) item(depth int) {
	switch rapid.IntRange(0, 5).Draw(w.t, "item") {
	case 0, 1:
		w.name()
		w.put("=")
	case 2:
		w.put("(")
		w.list(0, func(int) { w.name() })
		w.put(") =")
	}
	w.expr(depth)
}

// query writes a source and operators.
func (w *writer) query(depth int) {
	switch rapid.IntRange(0, 6).Draw(w.t, "source") {
	case 0:
		w.put("print")
		w.list(depth, w.item)
	case 1:
		w.put("range x from")
		w.expr(depth - 1)
		w.put("to 5 step")
		w.expr(0)
	case 2:
		w.put("datatable (a:long , ['b_c'] : string ) [")
		for i := rapid.IntRange(0, 3).Draw(w.t, "rows"); i > 0; i-- {
			w.put(`1 , "x" ,`)
		}
		w.put("]")
	case 3:
		w.put("union " + w.oneOf("", "kind = outer", "withsource = S isfuzzy=true"))
		w.list(depth, w.table)
	case 4:
		w.put("search " + w.oneOf("", "kind=case_sensitive", "in ( A , B* )"))
		w.put(w.oneOf(`"x"`, `"x" or col : "y"`, `* has "x"`))
	default:
		w.put(w.oneOf("T", "['my-table']", `database("d") . T`))
	}
	for i := rapid.IntRange(0, 3).Draw(w.t, "operators"); i > 0; i-- {
		w.put("|")
		w.operator(depth)
	}
}

func (w *writer) table(depth int) {
	if depth <= 0 || w.chance(2) {
		w.put(w.oneOf("T", "U*", "*_CL", "f(1)", `database("d").V`))
		return
	}
	w.put("(")
	w.query(depth - 1)
	w.put(")")
}

// sub writes a subquery without a source.
func (w *writer) sub(depth int) {
	w.put("(")
	w.operator(depth - 1)
	for w.chance(2) {
		w.put("|")
		w.operator(depth - 1)
	}
	w.put(")")
}

func (w *writer) operator(depth int) {
	d := max(0, depth)
	keys := func() {
		w.list(d, func(depth int) { w.expr(depth); w.put(w.oneOf("", "asc", "desc nulls last")) })
	}
	n := 19
	if depth <= 0 {
		n = 11 // those without a subquery
	}
	switch rapid.IntRange(0, n).Draw(w.t, "operator") {
	case 0:
		w.put("where")
		w.expr(d)
	case 1:
		w.put(w.oneOf("extend", "project"))
		w.list(d, w.item)
	case 2:
		w.put("summarize " + w.oneOf("", "hint.strategy = shuffle"))
		w.list(d, w.item)
		if w.chance(2) {
			w.put("by")
			w.list(d, w.item)
		}
	case 3:
		w.put(w.oneOf("sort by", "order by", "top 5 by"))
		keys()
	case 4:
		w.put(w.oneOf("count", "take 5", "count as n", "project-away T* , a", "project-reorder b* granny-desc , *", "getschema", "distinct *", "as X"))
	case 5:
		w.put("mv-expand " + w.oneOf("", "kind=array with_itemindex = i"))
		w.list(d, func(depth int) { w.item(depth); w.put(w.oneOf("", "to typeof ( long )")) })
	case 6:
		w.put(w.oneOf("parse", "parse-where kind = relaxed", "parse kind=regex flags=Ui"))
		w.expr(d)
		w.put(`with * "k=" k : long`)
		w.put(w.oneOf("*", "", `';' ['z_z']`))
	case 7:
		w.put("make-series")
		w.item(d)
		w.put(w.oneOf("", "default = 0"))
		w.put("on t")
		w.put(w.oneOf("from ago(1d) to now() step 1h", "step 5m", "in range ( a , b , 1h )"))
		if w.chance(2) {
			w.put("by")
			w.list(d, w.item)
		}
	case 8:
		w.put("parse-kv")
		w.expr(d)
		w.put(`as ( a : string , ['b_c'] : date ) with ( pair_delimiter = '_' , greedy = true )`)
	case 9:
		w.put(w.oneOf("make-graph a --> b with N on c", "graph-match ( x )-[e*1..3]->( y ) where x.a == 1"))
	case 10:
		w.put("top-nested 3 of")
		w.item(d)
		w.put("by")
		w.item(d)
		w.put(w.oneOf("", "desc", ", top-nested of q by max ( 1 )"))
	case 11:
		w.put("render timechart with ( title = 'x' , ycolumns = a , b )")
	case 12, 13:
		w.put(w.oneOf("join", "join kind = inner", "lookup kind=leftouter"))
		w.put("(")
		w.query(depth - 1)
		w.put(") on a , $left.b == $right . c")
	case 14:
		w.put("union")
		w.list(depth, w.table)
	case 15:
		w.put("mv-apply x = y to typeof(string) on")
		w.sub(depth)
	case 16:
		w.put("partition by x")
		w.sub(depth)
	case 17:
		w.put("fork a =")
		w.sub(depth)
		w.sub(depth)
	case 18:
		w.put("scan with_match_id = m declare ( a : long = 0 ) with ( step s1 output = all :")
		w.expr(d)
		w.put("=> a = s1.a + 1 ; step s2 optional : true ;")
		w.put(")")
	case 19:
		w.put("facet by a , b with")
		w.sub(depth)
	}
}

// Random queries parse, their trees have right positions, and Format keeps tree and comments and is stable.
func TestRandomQueries(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{t: rt}
		depth := rapid.IntRange(0, 3).Draw(rt, "depth")
		for i := rapid.IntRange(0, 2).Draw(rt, "lets"); i > 0; i-- {
			switch rapid.IntRange(0, 2).Draw(rt, "let") {
			case 0:
				w.put("let x =")
				w.query(depth)
			case 1:
				w.put("let f = ( a : long , T : ( x : string , * ) , b : date = datetime(null) ) { let y =")
				w.expr(depth)
				w.put(";")
				w.query(depth)
				w.put("}")
			default:
				w.put("let v = view ( ) {")
				w.query(depth)
				w.put("}")
			}
			w.put(";")
		}
		w.query(depth)
		text := w.b.String()
		if _, err := Parse(text); err != nil {
			rt.Fatalf("%s\n%v", text, err)
		}
		checkParse(rt, text)
	})
}

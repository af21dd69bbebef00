package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// geoRelateFunctions relate points, lines and polygons on the globe. Invalid ones give null.
func geoRelateFunctions() []Scalar {
	const point = "(longitude: real, latitude: real, "
	toLine := func(name, params, help string, f func(at place, ls []path) value.Value) Scalar {
		return Scalar{Signature: Signature{Text: name + params, Help: help}, Make: simple(func(a []value.Value) value.Value {
			p, ok1 := placeArgs(a[:2])
			ls, ok2 := lines(a[2])
			if !ok1 || !ok2 {
				return nil
			}
			return f(p[0], ls)
		})}
	}
	toPolygon := func(name, params, help string, f func(at place, ps []polygon) value.Value) Scalar {
		return Scalar{Signature: Signature{Text: name + params, Help: help}, Make: simple(func(a []value.Value) value.Value {
			p, ok1 := placeArgs(a[:2])
			ps, ok2 := polygons(a[2])
			if !ok1 || !ok2 {
				return nil
			}
			return f(p[0], ps)
		})}
	}
	return []Scalar{
		toPolygon("geo_point_in_polygon", point+"polygon: dynamic): bool", "Says whether a point is in a polygon.", func(at place, ps []polygon) value.Value {
			return anyContains(ps, at)
		}),
		toPolygon("geo_distance_point_to_polygon", point+"polygon: dynamic): real", "Returns the distance of a point from a polygon in meters; 0 inside.", func(at place, ps []polygon) value.Value {
			if anyContains(ps, at) {
				return 0.0
			}
			_, off := nearestOnPolygons(at, ps)
			return earthRadius * off
		}),
		toPolygon("geo_closest_point_on_polygon", point+"polygon: dynamic): dynamic", "Returns the point of the border of a polygon that is nearest to a point; inside, that point itself.", func(at place, ps []polygon) value.Value {
			if anyContains(ps, at) {
				return pointOf(at)
			}
			nearest, _ := nearestOnPolygons(at, ps)
			return pointOf(nearest)
		}),
		toLine("geo_distance_point_to_line", point+"lineString: dynamic): real", "Returns the distance of a point from a line in meters.", func(at place, ls []path) value.Value {
			_, off := nearestOnLines(at, ls)
			return earthRadius * off
		}),
		toLine("geo_closest_point_on_line", point+"lineString: dynamic): dynamic", "Returns the point of a line that is nearest to a point.", func(at place, ls []path) value.Value {
			nearest, _ := nearestOnLines(at, ls)
			return pointOf(nearest)
		}),
		{
			Signature: Signature{Text: "geo_line_interpolate_point(lineString: dynamic, fraction: real): dynamic", Help: "Returns the point at a fraction, from 0 to 1, of the length of a line."},
			Make: simple(func(a []value.Value) value.Value {
				ls, ok := lines(a[0])
				fraction := a[1].(float64)
				if !ok || len(ls) != 1 || !(fraction >= 0 && fraction <= 1) {
					return nil
				}
				left := fraction * ls[0].length()
				at := ls[0][len(ls[0])-1]
				done := false
				ls[0].segments(func(p, q place) {
					if size := p.angle(q); !done {
						if done = left <= size; done {
							at = p.along(q, left/size)
						}
						left -= size
					}
				})
				return pointOf(at)
			}),
		},
		{
			Signature: Signature{Text: "geo_line_locate_point(lineString: dynamic, longitude: real, latitude: real): real", Help: "Returns the fraction, from 0 to 1, of the length of a line at which it is nearest to a point."},
			Make: simple(func(a []value.Value) value.Value {
				ls, ok1 := lines(a[0])
				p, ok2 := placeArgs(a[1:3])
				if !ok1 || !ok2 || len(ls) != 1 {
					return nil
				}
				best, passed, at := math.Inf(1), 0.0, 0.0
				ls[0].segments(func(from, to place) {
					if foot, off := p[0].nearest(from, to); off < best {
						best, at = off, passed+from.angle(foot)
					}
					passed += from.angle(to)
				})
				return at / ls[0].length()
			}),
		},
		{
			Signature: Signature{Text: "geo_intersects_2lines(lineString1: dynamic, lineString2: dynamic): bool", Help: "Says whether two lines meet."},
			Make: simple(func(a []value.Value) value.Value {
				x, ok1 := lines(a[0])
				y, ok2 := lines(a[1])
				if !ok1 || !ok2 {
					return nil
				}
				return pathsMeet(x, y, path.segments, path.segments)
			}),
		},
		{
			Signature: Signature{Text: "geo_intersects_line_with_polygon(lineString: dynamic, polygon: dynamic): bool", Help: "Says whether a line meets a polygon."},
			Make: simple(func(a []value.Value) value.Value {
				x, ok1 := lines(a[0])
				ps, ok2 := polygons(a[1])
				if !ok1 || !ok2 {
					return nil
				}
				for _, l := range x {
					if anyContains(ps, l[0]) {
						return true
					}
				}
				return pathsMeet(x, ringsOf(ps), path.segments, path.edges)
			}),
		},
		{
			Signature: Signature{Text: "geo_intersects_2polygons(polygon1: dynamic, polygon2: dynamic): bool", Help: "Says whether two polygons meet."},
			Make: simple(func(a []value.Value) value.Value {
				x, ok1 := polygons(a[0])
				y, ok2 := polygons(a[1])
				if !ok1 || !ok2 {
					return nil
				}
				for _, p := range x {
					if anyContains(y, p[0][0]) {
						return true
					}
				}
				for _, p := range y {
					if anyContains(x, p[0][0]) {
						return true
					}
				}
				return pathsMeet(ringsOf(x), ringsOf(y), path.edges, path.edges)
			}),
		},
	}
}

func ringsOf(ps []polygon) []path {
	var out []path
	for _, p := range ps {
		out = append(out, p...)
	}
	return out
}

// pathsMeet says whether any two segments of two sets meet; walk tells how to go over each.
func pathsMeet(xs, ys []path, walkX, walkY func(path, func(a, b place))) bool {
	meet := false
	for _, x := range xs {
		walkX(x, func(a, b place) {
			for _, y := range ys {
				if meet {
					return
				}
				walkY(y, func(c, d place) { meet = meet || crosses(a, b, c, d) })
			}
		})
	}
	return meet
}

func nearestOnLines(at place, ls []path) (place, float64) {
	best, found := math.Inf(1), place{}
	for _, l := range ls {
		l.segments(func(a, b place) {
			if p, off := at.nearest(a, b); off < best {
				best, found = off, p
			}
		})
	}
	return found, best
}

func nearestOnPolygons(at place, ps []polygon) (place, float64) {
	best, found := math.Inf(1), place{}
	for _, ring := range ringsOf(ps) {
		ring.edges(func(a, b place) {
			if p, off := at.nearest(a, b); off < best {
				best, found = off, p
			}
		})
	}
	return found, best
}

package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// signedAngle returns the angle from one vector to another as seen from the end of axis, counterclockwise.
func signedAngle(from, to, axis place) float64 {
	return math.Atan2(from.cross(to).dot(axis)/axis.length(), from.dot(to))
}

func (p path) length() float64 {
	sum := 0.0
	p.segments(func(a, b place) { sum += a.angle(b) })
	return sum
}

func (p path) perimeter() float64 {
	sum := 0.0
	p.edges(func(a, b place) { sum += a.angle(b) })
	return sum
}

// area returns the area of the smaller side of a ring on the unit sphere: the sum of the signed triangles of its edges with its first point.
func (p path) area() float64 {
	sum := 0.0
	p.edges(func(b, c place) {
		a := p[0]
		sum += 2 * math.Atan2(a.dot(b.cross(c)), 1+a.dot(b)+b.dot(c)+c.dot(a))
	})
	sum = math.Abs(sum)
	return min(sum, 4*math.Pi-sum)
}

// weight returns the integral of position over the smaller side of a ring: its direction is the centroid, its length about the area.
func (p path) weight() place {
	var sum place
	p.edges(func(a, b place) {
		if n, ok := a.cross(b).unit(); ok {
			sum = sum.plus(n.times(a.angle(b) / 2))
		}
	})
	if sum.dot(p.middle()) < 0 {
		return sum.times(-1)
	}
	return sum
}

// geoMeasureFunctions measure points, lines and polygons on the globe. Invalid ones give null.
func geoMeasureFunctions() []Scalar {
	points := func(text, help string, f func(p []place) value.Value) Scalar {
		return Scalar{Signature: Signature{Text: text, Help: help}, Make: simple(func(a []value.Value) value.Value {
			if p, ok := placeArgs(a); ok {
				return f(p)
			}
			return nil
		})}
	}
	ofLines := func(text, help string, f func(ls []path) value.Value) Scalar {
		return Scalar{Signature: Signature{Text: text, Help: help}, Make: simple(func(a []value.Value) value.Value {
			if ls, ok := lines(a[0]); ok {
				return f(ls)
			}
			return nil
		})}
	}
	ofPolygons := func(text, help string, f func(ps []polygon) value.Value) Scalar {
		return Scalar{Signature: Signature{Text: text, Help: help}, Make: simple(func(a []value.Value) value.Value {
			if ps, ok := polygons(a[0]); ok {
				return f(ps)
			}
			return nil
		})}
	}
	return []Scalar{
		points("geo_distance_2points(p1_longitude: real, p1_latitude: real, p2_longitude: real, p2_latitude: real): real",
			"Returns the distance of two points in meters.", func(p []place) value.Value { return earthRadius * p[0].angle(p[1]) }),
		points("geo_azimuth(p1_longitude: real, p1_latitude: real, p2_longitude: real, p2_latitude: real): real",
			"Returns the direction from a point to another, clockwise from north, in radians.", func(p []place) value.Value {
				if a, ok := p[0].azimuth(p[1]); ok {
					return a
				}
				return nil
			}),
		points("geo_angle(p1_longitude: real, p1_latitude: real, p2_longitude: real, p2_latitude: real, p3_longitude: real, p3_latitude: real): real",
			"Returns the clockwise angle at the second of three points, from the first to the third, in radians.", func(p []place) value.Value {
				from, ok1 := p[1].azimuth(p[0])
				to, ok2 := p[1].azimuth(p[2])
				if !ok1 || !ok2 {
					return nil
				}
				if to < from {
					to += 2 * math.Pi
				}
				return to - from
			}),
		{
			Signature: Signature{Text: "geo_point_in_circle(p_longitude: real, p_latitude: real, pc_longitude: real, pc_latitude: real, c_radius: real): bool",
				Help: "Says whether a point is within so many meters of another."},
			Make: simple(func(a []value.Value) value.Value {
				p, ok := placeArgs(a[:4])
				radius := a[4].(float64)
				if !ok || !(radius >= 0) {
					return nil
				}
				return earthRadius*p[0].angle(p[1]) <= radius
			}),
		},
		ofLines("geo_line_length(lineString: dynamic): real", "Returns the length of a line in meters.", func(ls []path) value.Value {
			sum := 0.0
			for _, l := range ls {
				sum += l.length()
			}
			return earthRadius * sum
		}),
		ofLines("geo_line_centroid(lineString: dynamic): dynamic", "Returns the middle of the mass of a line.", func(ls []path) value.Value {
			var sum place
			for _, l := range ls {
				l.segments(func(a, b place) {
					if middle, ok := a.plus(b).unit(); ok {
						sum = sum.plus(middle.times(2 * math.Sin(a.angle(b)/2)))
					}
				})
			}
			return pointOf(sum)
		}),
		ofPolygons("geo_polygon_area(polygon: dynamic): real", "Returns the area of a polygon in square meters.", func(ps []polygon) value.Value {
			sum := 0.0
			for _, p := range ps {
				sum += p[0].area()
				for _, hole := range p[1:] {
					sum -= hole.area()
				}
			}
			return earthRadius * earthRadius * sum
		}),
		ofPolygons("geo_polygon_perimeter(polygon: dynamic): real", "Returns the length of the border of a polygon in meters.", func(ps []polygon) value.Value {
			sum := 0.0
			for _, p := range ps {
				for _, ring := range p {
					sum += ring.perimeter()
				}
			}
			return earthRadius * sum
		}),
		ofPolygons("geo_polygon_centroid(polygon: dynamic): dynamic", "Returns the middle of the mass of a polygon.", func(ps []polygon) value.Value {
			var sum place
			for _, p := range ps {
				sum = sum.plus(p[0].weight())
				for _, hole := range p[1:] {
					sum = sum.plus(hole.weight().times(-1))
				}
			}
			return pointOf(sum)
		}),
	}
}

// pointOf makes a GeoJSON point in a direction; null if there is none.
func pointOf(p place) value.Value {
	if at, ok := p.unit(); ok {
		return geoJSON("Point", at.coordinates())
	}
	return nil
}

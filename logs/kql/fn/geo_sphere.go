package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// earthRadius is that of the sphere on which the language measures, in meters.
const earthRadius = 6371010.0

// place is a point on the unit sphere.
type place struct{ x, y, z float64 }

// placeAt returns the point at degrees of longitude and latitude. False means that they are out of range.
func placeAt(longitude, latitude float64) (place, bool) {
	if !(math.Abs(longitude) <= 180) || !(math.Abs(latitude) <= 90) {
		return place{}, false
	}
	sinLon, cosLon := math.Sincos(longitude * math.Pi / 180)
	sinLat, cosLat := math.Sincos(latitude * math.Pi / 180)
	return place{cosLat * cosLon, cosLat * sinLon, sinLat}, true
}

// placeArgs reads points from numbers of longitude and latitude in turn.
func placeArgs(a []value.Value) ([]place, bool) {
	out := make([]place, len(a)/2)
	for i := range out {
		longitude, ok1 := value.ToFloat(a[2*i])
		latitude, ok2 := value.ToFloat(a[2*i+1])
		p, ok := placeAt(longitude, latitude)
		if !ok1 || !ok2 || !ok {
			return nil, false
		}
		out[i] = p
	}
	return out, true
}

// degrees returns longitude and latitude.
func (p place) degrees() (longitude, latitude float64) {
	return math.Atan2(p.y, p.x) * 180 / math.Pi, math.Atan2(p.z, math.Hypot(p.x, p.y)) * 180 / math.Pi
}

func (p place) coordinates() value.Array {
	longitude, latitude := p.degrees()
	return value.Array{longitude, latitude}
}

func (p place) plus(q place) place    { return place{p.x + q.x, p.y + q.y, p.z + q.z} }
func (p place) times(f float64) place { return place{p.x * f, p.y * f, p.z * f} }
func (p place) dot(q place) float64   { return p.x*q.x + p.y*q.y + p.z*q.z }
func (p place) length() float64       { return math.Sqrt(p.dot(p)) }
func (p place) cross(q place) place {
	return place{p.y*q.z - p.z*q.y, p.z*q.x - p.x*q.z, p.x*q.y - p.y*q.x}
}

// unit returns the point in that direction; false means that there is no direction.
func (p place) unit() (place, bool) {
	n := p.length()
	if n < 1e-15 {
		return place{}, false
	}
	return p.times(1 / n), true
}

// angle returns the distance of two points in radians; it is exact also for near and for opposite ones.
func (p place) angle(q place) float64 { return math.Atan2(p.cross(q).length(), p.dot(q)) }

// azimuth returns the direction from p to q, clockwise from north, in [0, 2π). False means that the two are one point, or opposite.
func (p place) azimuth(q place) (float64, bool) {
	north := place{-p.z * p.x, -p.z * p.y, 1 - p.z*p.z}
	east := place{-p.y, p.x, 0}
	if p.x == 0 && p.y == 0 { // at a pole, where every direction is one of longitude 0
		north, east = place{-p.z, 0, 0}, place{0, 1, 0}
	}
	n, e := north.dot(q), east.dot(q)
	if math.Hypot(n, e) < 1e-15 {
		return 0, false
	}
	a := math.Atan2(e, n)
	if a < 0 {
		a += 2 * math.Pi
	}
	return a, true
}

// along returns the point at a fraction of the way from p to q.
func (p place) along(q place, fraction float64) place {
	whole := p.angle(q)
	if whole < 1e-15 {
		return p
	}
	return p.times(math.Sin((1-fraction)*whole) / math.Sin(whole)).plus(q.times(math.Sin(fraction*whole) / math.Sin(whole)))
}

// nearest returns the point of the segment from a to b that is nearest to p, and its distance from p in radians.
func (p place) nearest(a, b place) (place, float64) {
	if normal, ok := a.cross(b).unit(); ok {
		foot, ok := p.plus(normal.times(-p.dot(normal))).unit()
		// The foot is between the two if it is left of the plane through a and right of that through b.
		if ok && normal.cross(a).dot(foot) >= 0 && b.cross(normal).dot(foot) >= 0 {
			return foot, p.angle(foot)
		}
	}
	if first, second := p.angle(a), p.angle(b); first <= second {
		return a, first
	} else {
		return b, second
	}
}

// crosses says whether two segments meet.
func crosses(a, b, c, d place) bool {
	n, m := a.cross(b), c.cross(d)
	sideC, sideD, sideA, sideB := n.dot(c), n.dot(d), m.dot(a), m.dot(b)
	const on = 1e-15
	for _, touch := range []struct {
		p, from, to place
		side        float64
	}{{c, a, b, sideC}, {d, a, b, sideD}, {a, c, d, sideA}, {b, c, d, sideB}} {
		if math.Abs(touch.side) <= on {
			if _, off := touch.p.nearest(touch.from, touch.to); off < 1e-14 {
				return true
			}
		}
	}
	if (sideC > 0) == (sideD > 0) || (sideA > 0) == (sideB > 0) {
		return false
	}
	// The two great circles meet at two opposite points; both segments must be on one side.
	at := n.cross(m)
	return (at.dot(a.plus(b)) > 0) == (at.dot(c.plus(d)) > 0)
}

package fn

import "math"

// mathTrigFunctions are the trigonometric functions. Angles are in radians.
func mathTrigFunctions() []Scalar {
	return []Scalar{
		realFunction("sin", "Returns the sine.", always(math.Sin)),
		realFunction("cos", "Returns the cosine.", always(math.Cos)),
		realFunction("tan", "Returns the tangent.", always(math.Tan)),
		realFunction("cot", "Returns the cotangent.", always(func(x float64) float64 { return 1 / math.Tan(x) })),
		realFunction("asin", "Returns the angle whose sine is x; null outside -1 to 1.", withinOne(math.Asin)),
		realFunction("acos", "Returns the angle whose cosine is x; null outside -1 to 1.", withinOne(math.Acos)),
		realFunction("atan", "Returns the angle whose tangent is x.", always(math.Atan)),
		{
			Signature: Signature{Text: "atan2(y: number, x: number): real", Help: "Returns the angle between the positive x axis and the ray to the point (x, y)."},
			Make:      simple(real2(math.Atan2)),
		},
		realFunction("degrees", "Converts radians to degrees.", always(func(x float64) float64 { return x * 180 / math.Pi })),
		realFunction("radians", "Converts degrees to radians.", always(func(x float64) float64 { return x * math.Pi / 180 })),
	}
}

// withinOne makes a function that is null for numbers outside -1 to 1.
func withinOne(f func(float64) float64) func(float64) (float64, bool) {
	return func(x float64) (float64, bool) { return f(x), !(x < -1 || x > 1) }
}

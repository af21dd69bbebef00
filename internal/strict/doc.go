// Package strict reads JSON documents that people write, and tells everything that is wrong with them at once, field by field.
//
// It owns the mistakes of a document (FieldError, Mistakes), how those of several checks become one list (AlsoWrong), and Decode, which
// reads a document into a struct and takes no field that the struct does not have. It does not own what values may be: whoever owns a
// document says that. It may import nothing of ours. All functions are pure and safe for concurrent use; a Mistakes is not.
package strict

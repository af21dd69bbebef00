// Package spelling says how far two words are from each other, for messages that name what was probably meant.
//
// It owns the distance alone: which words are near enough, and in which order they are offered, those say who know what the words are. It may import
// nothing of ours.
package spelling

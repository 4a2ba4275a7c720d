// Package abecs turns pinpad commands into frames and frames back into answers.
//
// It is no driver: it opens nothing, waits for nothing, remembers nothing;
// package pinpad does. It has no command that asks for card data in clear, and
// the only way to write a frame anywhere is [Trace], which hides such data.
//
// Three layers, from the cable up: frames ([AppendFrame], [Decoder]); messages
// ([Command], [Response]) whose blocks mostly hold a list of [Parameters]; and one
// type for each command that a till uses, such as [GetCard] and its answer [Card].
// Start with [Command].
//
// Facts: ABECS document, editions 2.12 and 2.20. It calls the till SPE and the
// pinpad PP, and names commands by three letters, which the comments give.
package abecs

//go:build !cgo || nousb

package escpos

import "bytes"

func newOutput(into *bytes.Buffer) output { return newPlain(into) }

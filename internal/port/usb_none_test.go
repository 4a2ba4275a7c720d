//go:build !cgo || nousb

package port

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAProgramWithoutUSBSaysSo(t *testing.T) {
	_, err := Dial(t.Context(), "usb://04b8:0e27")
	require.ErrorContains(t, err, "dial usb://04b8:0e27: built without USB support (tag nousb)")
}

package port_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/internal/port"
)

func TestUSBNumbersAreReadAsLsusbShowsThem(t *testing.T) {
	for rawURL, want := range map[string][2]string{
		"usb://04b8:0e27":              {"04b8:0e27", ""},
		"usb://04B8:0E27":              {"04b8:0e27", ""},
		"usb://0fe6:811e/J5PK003421":   {"0fe6:811e", "J5PK003421"},
		"usb://0416:5011/A%20B%2F1":    {"0416:5011", "A B/1"},
		"usb://ffff:0000/:%C3%A1/more": {"ffff:0000", ":á/more"},
	} {
		numbers, serial, err := port.ReadUSBAddress(rawURL)
		require.NoError(t, err, rawURL)
		require.Equal(t, want, [2]string{numbers, serial}, rawURL)
	}
}

func TestUSBAddressesThatNameNoDeviceAreRefused(t *testing.T) {
	for _, rawURL := range []string{
		"usb:", "usb:04b8:0e27", "usb://", "usb://04b8", "usb://04b8:", "usb://4b8:e27", "usb://epso:0e27", "usb://04b8:0e27:1",
		"usb://04b8:0e27/", "usb:///04b8:0e27", "usb://04b80e27", "usb://0x04b8:0x0e27", "usb://+4b8:0e27", "usb:///dev/usb/lp0",
	} {
		_, err := port.Dial(t.Context(), rawURL)
		require.ErrorContains(t, err, "write it as usb://VENDOR:PRODUCT", rawURL)
	}
	_, err := port.Dial(t.Context(), "usb://04b8:0e27?interface=1")
	require.ErrorContains(t, err, `unknown option "interface"`)
}

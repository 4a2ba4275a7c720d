package abecs_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/reader/abecs"
)

func TestFramesOfTheSourcesAreWrittenAndRead(t *testing.T) {
	for name, pair := range frames {
		t.Run(name, func(t *testing.T) {
			requireFrame(t, unhex(t, pair[0]), unhex(t, pair[1]))
		})
	}
}

func TestFramesOfTheTranscriptsAreWrittenAndRead(t *testing.T) {
	seen := 0
	for _, v := range vectors(t) {
		if v.Payload != "" {
			requireFrame(t, unhex(t, v.Payload), unhex(t, v.Wire))
			seen++
		}
	}
	require.Greater(t, seen, 30)
}

func requireFrame(t *testing.T, payload, wire []byte) {
	t.Helper()
	written, err := abecs.AppendFrame([]byte{abecs.CAN}, payload)
	require.NoError(t, err)
	require.Equal(t, append([]byte{abecs.CAN}, wire...), written)

	read, used, err := abecs.Decode(append(wire, abecs.EOT))
	require.NoError(t, err)
	require.Equal(t, len(wire), used)
	require.Equal(t, payload, read)

	for cut := range wire {
		_, _, err := abecs.Decode(wire[:cut])
		require.ErrorIs(t, err, abecs.ErrShort)
	}
}

func TestTheChecksumsOfTheStandardsExamples(t *testing.T) {
	for name, pair := range messages {
		t.Run(name, func(t *testing.T) {
			wire, err := abecs.AppendFrame(nil, unhex(t, pair[0]))
			require.NoError(t, err)
			require.Equal(t, unhex(t, pair[1]), wire[len(wire)-2:])
		})
	}
}

func TestBadFramesAreRefusedAndTheNextOneIsRead(t *testing.T) {
	good := unhex(t, frames["displayed"][1])
	for name, tc := range map[string]struct{ wire, reason string }{
		"one bit of the CRC":        {"16 445350303030 17 3962", "checksum"},
		"one bit of the data":       {"16 445350303031 17 3963", "checksum"},
		"empty":                     {"16 17 1021", "empty"},
		"escape of a plain byte":    {"16 13 41", "escape"},
		"escape of a control byte":  {"16 13 17", "escape"},
		"CRC over the escaped data": {"16 1333 17 0000", "checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			wire := unhex(t, tc.wire)
			_, used, err := abecs.Decode(append(wire, good...))
			var bad *abecs.FrameError
			require.ErrorAs(t, err, &bad)
			require.Contains(t, bad.Error(), tc.reason)
			require.True(t, bad.Temporary())
			require.Equal(t, len(wire), used)
			payload, _, err := abecs.Decode(append(wire, good...)[used:])
			require.NoError(t, err)
			require.Equal(t, "DSP000", string(payload))
		})
	}
}

func TestARawStartByteBeginsANewFrame(t *testing.T) {
	wire := append(unhex(t, "16 4753 13"), unhex(t, frames["displayed"][1])...)
	payload, used, err := abecs.Decode(wire)
	require.NoError(t, err)
	require.Equal(t, len(wire), used)
	require.Equal(t, "DSP000", string(payload))
}

func TestControlBytesInsideAFrameAreData(t *testing.T) {
	payload := []byte{'A', abecs.EOT, abecs.ACK, abecs.NAK, abecs.CAN, 0x12, 0x13, 0x16, 0x17, 0x33}
	wire, err := abecs.AppendFrame(nil, payload)
	require.NoError(t, err)
	require.Equal(t, unhex(t, "16 41 04 06 15 18 12 1333 1336 1337 33 17"), wire[:len(wire)-2])
	read, _, err := abecs.Decode(wire)
	require.NoError(t, err)
	require.Equal(t, payload, read)
}

func TestAFrameIsLimited(t *testing.T) {
	longest := bytes.Repeat([]byte{0x16}, abecs.PayloadMax)
	wire, err := abecs.AppendFrame(nil, longest)
	require.NoError(t, err)
	payload, _, err := abecs.Decode(wire)
	require.NoError(t, err)
	require.Equal(t, longest, payload)

	_, err = abecs.AppendFrame(nil, make([]byte, abecs.PayloadMax+1))
	require.Error(t, err)
	_, err = abecs.AppendFrame(nil, nil)
	require.Error(t, err)
	_, _, err = abecs.Decode(append([]byte{0x16}, make([]byte, abecs.PayloadMax+1)...))
	var bad *abecs.FrameError
	require.ErrorAs(t, err, &bad)
}

func TestTheDecoderSaysWhetherAFrameHasBegun(t *testing.T) {
	var decoder abecs.Decoder
	_, err := decoder.Push(abecs.ACK)
	require.ErrorIs(t, err, abecs.ErrShort)
	require.False(t, decoder.Pending())
	_, err = decoder.Push(0x16)
	require.ErrorIs(t, err, abecs.ErrShort)
	require.True(t, decoder.Pending())
	decoder.Reset()
	require.False(t, decoder.Pending())
}

func FuzzDecodeFrame(f *testing.F) {
	for _, pair := range frames {
		f.Add(unhex(f, pair[1]))
	}
	f.Add([]byte{0x16, 0x13, 0x16, 0x41, 0x17, 0, 0})
	f.Fuzz(func(t *testing.T, line []byte) {
		payload, used, err := abecs.Decode(line)
		require.LessOrEqual(t, used, len(line))
		if err != nil {
			var bad *abecs.FrameError
			require.True(t, errors.Is(err, abecs.ErrShort) || errors.As(err, &bad))
			return
		}
		written, err := abecs.AppendFrame(nil, payload)
		require.NoError(t, err)
		require.True(t, bytes.HasSuffix(line[:used], written), "a frame that was read is not written back the same")
	})
}

func FuzzFrameRoundTrip(f *testing.F) {
	f.Add([]byte("GIX"))
	f.Add([]byte{0x13, 0x16, 0x17})
	f.Fuzz(func(t *testing.T, payload []byte) {
		wire, err := abecs.AppendFrame(nil, payload)
		if err != nil {
			return
		}
		read, used, err := abecs.Decode(wire)
		require.NoError(t, err)
		require.Equal(t, len(wire), used)
		require.Equal(t, payload, read)
	})
}

package view_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/ui/picture"
	"balcao/ui/theme"
	"balcao/ui/view"
)

// imageFolder holds the pictures of the documents: docs/img.
var imageFolder = filepath.Join("..", "..", "docs", "img")

func TestPicturesOfTheDocumentsShowTheScreens(t *testing.T) {
	look := theme.Noite(theme.True)
	for name, m := range map[string]view.Model{
		"screen-sale": selling(t), "screen-payment": paying(t), "screen-search": searching(t), "screen-approval": approving(t), "screen-count": counted(t),
	} {
		drawn, err := picture.PNG(draw(m, 100, 30), look)
		require.NoError(t, err)
		golden.Equal(t, filepath.Join(imageFolder, name+".png"), drawn)
	}
}

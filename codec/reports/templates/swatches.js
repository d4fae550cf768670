// "Show me where": the pixels of a code-word in one color, all others dimmed.

const DIM = word(24, 22, 20, 214), HERE = word(255, 122, 0, 255), AROUND = word(255, 255, 255, 255);
const FEW = 0.002, LEAST_SEEN = 3;

// Few pixels are drawn larger where the picture is small, or nobody would find them.
function spread(count, total, scale) {
  return count < FEW * total ? Math.max(Math.ceil((LEAST_SEEN / scale - 1) / 2), 0) : 0;
}

function drawWhere(canvas, picture, label, scale) {
  const { width, height, labels } = picture;
  const found = [];
  paint(canvas, width, height, (words) => {
    let count = 0;
    for (let i = 0; i < words.length; i++) {
      if (labels[i] === label) {
        words[i] = HERE;
        if (count++ < FEW * words.length) found.push(i);
      } else words[i] = DIM;
    }
    const reach = spread(count, words.length, scale);
    if (!reach) return;
    for (const [size, color] of [[reach + Math.ceil(1 / scale), AROUND], [reach, HERE]]) {
      for (const i of found) {
        const x = i % width, y = (i - x) / width;
        const left = Math.max(x - size, 0), right = Math.min(x + size + 1, width);
        for (let row = Math.max(y - size, 0); row <= Math.min(y + size, height - 1); row++) {
          words.fill(color, row * width + left, row * width + right);
        }
      }
    }
  });
}

// A smaller copy beside the swatches, where the picture itself is out of sight.
function drawMap(canvas, where) {
  canvas.width = Math.min(where.width, 480);
  canvas.height = Math.max(Math.round((canvas.width * where.height) / where.width), 1);
  const context = canvas.getContext("2d");
  context.fillStyle = "#787470";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(where, 0, 0, canvas.width, canvas.height);
}

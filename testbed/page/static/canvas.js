// A canvas that follows its box at the device's resolution. draw(context, width, height) in CSS pixels.
export function surface(canvas, draw) {
  const context = canvas.getContext('2d', {alpha: false});
  let width = 0, height = 0, scale = 1;
  const paint = () => {
    if (!width) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    draw(context, width, height);
  };
  new ResizeObserver(([entry]) => {
    scale = devicePixelRatio;
    ({width, height} = entry.contentRect);
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    paint();
  }).observe(canvas);
  return paint;
}

const style = getComputedStyle(document.documentElement);
const known = new Map();  // the style is asked once, and again when the window has another size: hundreds of times a frame it is slow
addEventListener('resize', () => known.clear());
const once = (key, ask) => {
  const value = known.get(key) || ask();
  known.set(key, value);
  return value;
};
export const colour = name => once(name, () => style.getPropertyValue(`--${name}`).trim());
export const rem = () => once('rem', () => parseFloat(style.fontSize));
export const font = (size = 0.85, weight = 400) => `${weight} ${size * rem()}px ${once('font', () => style.getPropertyValue('--font'))}`;

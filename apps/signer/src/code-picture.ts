/** A text as the picture of a QR code, for a phone that reads it from the screen. */

import { create } from 'qrcode';

/** Pixels that a picture has at least; each module is a whole number of them. */
const WIDTH_PX = 480;
/** Modules left white around (ISO/IEC 18004). */
const QUIET_ZONE = 4;

/** The picture as a data URL. `text` has the characters of alphanumeric codes alone, as evidence in codes has. */
export function codePicture(text: string): string {
  const { modules } = create([{ data: text, mode: 'alphanumeric' }], { errorCorrectionLevel: 'L' });
  const count = modules.size + 2 * QUIET_ZONE;
  const px = Math.ceil(WIDTH_PX / count);
  const canvas = document.createElement('canvas');
  canvas.width = count * px;
  canvas.height = count * px;
  const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = '#000';
  for (let row = 0; row < modules.size; row++)
    for (let column = 0; column < modules.size; column++)
      if (modules.get(row, column)) pen.fillRect((column + QUIET_ZONE) * px, (row + QUIET_ZONE) * px, px, px);
  return canvas.toDataURL();
}

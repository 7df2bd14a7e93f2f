/** Which layers of the city are shown, on the map and in the list alike. */

import type { ReactNode } from 'react';
import { useLanguage } from '../language.ts';
import { LAYER_TEXTS } from '../texts/layers.ts';
import { LAYERS, type Layer } from './city-layers.ts';

/** A box to tick for each. */
export function LayerChoice({
  layers,
  onToggle,
}: {
  readonly layers: readonly Layer[];
  readonly onToggle: (layer: Layer) => void;
}): ReactNode {
  const { code } = useLanguage();
  const texts = LAYER_TEXTS[code];
  return (
    <fieldset className="layers">
      <legend>{texts.heading}</legend>
      {LAYERS.map((layer) => (
        <label key={layer}>
          <input type="checkbox" name={layer} checked={layers.includes(layer)} onChange={() => onToggle(layer)} />{' '}
          {texts.layers[layer]}
        </label>
      ))}
    </fieldset>
  );
}

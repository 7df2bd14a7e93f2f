/** Zones on the map, below the devices: an outline with the name of each, and one that is picked from the list stands out. */

import { type GeoJSONSource, LngLatBounds, type Map as MapLibre } from 'maplibre-gl';
import type { ZoneOutline } from './zone-outlines.ts';

const NAME_SIZE_PX = 26;
const NAME_EDGE_PX = 8;
/** Names are drawn at twice their size, for fine screens. */
const PIXEL_RATIO = 2;
const PADDING_PX = 60;
/** Of a zone of one device the name stands below it, with the marks of devices above. */
const BELOW_PX = 16;
const ZOOM_MAX = 17;

/** Adds the layers, empty. `color`: of a variable of the page. */
export function addZoneLayers(map: MapLibre, color: (name: string) => string): void {
  map.addSource('zones', { type: 'geojson', data: collectionOf([]) });
  const line = { type: 'line', source: 'zones' } as const;
  map.addLayer(
    {
      id: 'zone-ground',
      type: 'fill',
      source: 'zones',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': color('--accent'), 'fill-opacity': 0.06 },
    },
    'devices',
  );
  map.addLayer(
    { ...line, id: 'zones', paint: { 'line-color': color('--accent'), 'line-width': 1.5, 'line-dasharray': [3, 2] } },
    'devices',
  );
  map.addLayer(
    {
      ...line,
      id: 'zone-picked',
      filter: ['==', ['get', 'id'], ''],
      paint: { 'line-color': color('--accent'), 'line-width': 4 },
    },
    'devices',
  );
  map.addLayer({
    id: 'zone-names',
    type: 'symbol',
    source: 'zones',
    filter: ['==', ['geometry-type'], 'Point'],
    layout: { 'icon-image': ['get', 'image'], 'icon-offset': [0, BELOW_PX] },
  });
}

/** Draws these and no others. */
export function showZones(map: MapLibre, zones: readonly ZoneOutline[], color: (name: string) => string): void {
  for (const { name } of zones) if (!map.hasImage(imageOf(name))) drawName(map, name, color);
  void (map.getSource('zones') as GeoJSONSource | undefined)?.setData(collectionOf(zones));
}

/** Makes one stand out and brings it into sight; null: none. */
export function pickZone(map: MapLibre, zones: readonly ZoneOutline[], id: string | null): void {
  map.setFilter('zone-picked', ['==', ['get', 'id'], id ?? '']);
  const zone = zones.find((each) => each.id === id);
  if (zone === undefined) return;
  const bounds = new LngLatBounds();
  for (const [lon, lat] of zone.ring) bounds.extend([lon, lat]);
  map.fitBounds(bounds, { padding: PADDING_PX, maxZoom: ZOOM_MAX, animate: false });
}

function imageOf(name: string): string {
  return `zone ${name}`;
}

function collectionOf(zones: readonly ZoneOutline[]) {
  const features = zones.flatMap(({ id, name, ring, center }) => [
    {
      ...{ type: 'Feature' as const, properties: { id } },
      geometry: { type: 'Polygon' as const, coordinates: [ring.map(([lon, lat]) => [lon, lat])] },
    },
    {
      ...{ type: 'Feature' as const, properties: { id, image: imageOf(name) } },
      geometry: { type: 'Point' as const, coordinates: [...center] },
    },
  ]);
  return { type: 'FeatureCollection' as const, features };
}

/** As a picture: no font is loaded for the map, and the page's own has all scripts. */
function drawName(map: MapLibre, name: string, color: (name: string) => string): void {
  const canvas = document.createElement('canvas');
  const font = `600 ${NAME_SIZE_PX}px ${getComputedStyle(document.body).fontFamily}`;
  const measure = canvas.getContext('2d');
  if (measure === null) return;
  measure.font = font;
  const width = Math.ceil(measure.measureText(name).width) + 2 * NAME_EDGE_PX;
  const height = NAME_SIZE_PX + 2 * NAME_EDGE_PX;
  [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext('2d');
  if (pen === null) return;
  Object.assign(pen, { font, textAlign: 'center', textBaseline: 'middle', lineWidth: 7, lineJoin: 'round' });
  pen.strokeStyle = color('--card');
  pen.strokeText(name, width / 2, height / 2);
  pen.fillStyle = color('--ink');
  pen.fillText(name, width / 2, height / 2);
  map.addImage(imageOf(name), pen.getImageData(0, 0, width, height), { pixelRatio: PIXEL_RATIO });
}

// A chart by ECharts in the page's colours. It is a picture beside a table that says the same, so it is hidden from
// screen readers. Drawn on a canvas, which the page's policy allows; it can be taken along as PNG and SVG.
import { BarChart, LineChart, SankeyChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use as register, type EChartsCoreOption } from 'echarts/core';
import { CanvasRenderer, SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'preact/hooks';
import { onLook } from '../shared/look';
import { download } from './table';

register([BarChart, LineChart, SankeyChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer, SVGRenderer]);

export interface Colours {
  ink: string;
  quiet: string;
  line: string;
  accent: string;
  panel: string;
}

/** As the browser computes them, in a form that ECharts can read. */
function colours(): Colours {
  const probe = document.body.appendChild(document.createElement('span'));
  const of = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = { ink: of('ink'), quiet: of('quiet'), line: of('line'), accent: of('accent'), panel: of('panel') };
  probe.remove();
  return found;
}

export function Chart(props: { name: string; make: (colours: Colours) => EChartsCoreOption }) {
  const place = useRef<HTMLDivElement>(null);
  const make = useRef(props.make);
  make.current = props.make;
  const drawn = useRef<ReturnType<typeof init>>();
  useEffect(() => {
    const chart = init(place.current!, undefined, { renderer: 'canvas' });
    drawn.current = chart;
    const draw = () => chart.setOption(make.current(colours()), true);
    const forget = onLook(draw);
    const size = new ResizeObserver(() => chart.resize());
    size.observe(place.current!);
    draw();
    return () => {
      forget();
      size.disconnect();
      chart.dispose();
    };
  }, []);
  useEffect(() => {
    drawn.current?.setOption(props.make(colours()), true);
  }, [props.make]);
  const canvas = () => {
    drawn.current!.renderToCanvas({ pixelRatio: 2, backgroundColor: colours().panel }).toBlob((content) => {
      if (content) {
        download(`${props.name}.png`, content);
      }
    });
  };
  const vector = () => {
    const { clientWidth: width, clientHeight: height } = place.current!;
    const chart = init(null, undefined, { renderer: 'svg', ssr: true, width, height });
    chart.setOption({ backgroundColor: colours().panel, ...props.make(colours()) });
    download(`${props.name}.svg`, new Blob([chart.renderToSVGString()], { type: 'image/svg+xml' }));
    chart.dispose();
  };
  return (
    <div>
      <div class="chart" ref={place} aria-hidden="true" />
      <button class="small take" onClick={canvas}>PNG<span class="said"> of {props.name}</span></button>
      <button class="small take" onClick={vector}>SVG<span class="said"> of {props.name}</span></button>
    </div>
  );
}

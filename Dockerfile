# The page in a container: docker build -t style-transfer . && docker run -p 7860:7860 style-transfer
# Without the 5.3 GB of NVIDIA's libraries: --build-arg TORCH_INDEX=ADDRESS, see docs/hosting.md.
FROM python:3.12-slim

# A Docker Space runs as this user, and so does everybody else: nothing here needs more.
RUN useradd --create-home --uid 1000 user
USER 1000
WORKDIR /home/user/app
ENV PATH=/home/user/.local/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    STYLE_TRANSFER_KEPT_FOLDER=/home/user/kept

# Where builds of torch for CPUs alone are; by default pip's own build, which has CUDA.
ARG TORCH_INDEX=""
# hadolint ignore=DL3013
RUN pip install --no-cache-dir --user torch torchvision ${TORCH_INDEX:+--index-url "$TORCH_INDEX"}
COPY --chown=user requirements.txt .
RUN pip install --no-cache-dir --user -r requirements.txt

COPY --chown=user . .
# Compiles the kernels for the CPU at hand; another CPU compiles them anew, in five seconds.
RUN mkdir -p /home/user/kept \
    && python -m style_transfer assets/content/lake.jpg assets/style/mosaic.jpg \
        -o /tmp/warm.jpg --size 64 --steps 2 \
    && rm /tmp/warm.jpg

VOLUME /home/user/kept
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=30s --timeout=10s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/health')"]
CMD ["python", "app.py"]

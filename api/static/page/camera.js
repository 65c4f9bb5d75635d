// The camera: opened, closed, and asked for a picture.

const LONGEST_SIDE = 1600;
const QUALITY = 0.85;

/** What to tell whoever has no picture, by the name of the browser's error. @type {Record<string, string>} */
const REASONS = {
  NotAllowedError: "The camera is blocked. Allow it in the browser's settings, or type the code.",
  NotFoundError: "No camera was found. Type the code, or choose a picture.",
  NotReadableError: "Another app uses the camera. Close it and try again.",
};

/**
 * Show what the camera at the back sees. @param {HTMLVideoElement} video
 * @returns {Promise<() => void>} Closes it.
 * @throws {Error} With a message for people.
 */
export async function openCamera(video) {
  if (!navigator.mediaDevices) throw new Error("Browsers give no camera to a page without https.");
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } },
    });
    video.srcObject = stream;
    await video.play();
    return () => {
      stream.getTracks().forEach((track) => track.stop());
      video.srcObject = null;
    };
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw new Error(REASONS[name] ?? "The camera could not be opened.");
  }
}

/** What the camera sees now, as a JPEG. @param {HTMLVideoElement} video */
export function still(video) {
  return jpeg(video, video.videoWidth, video.videoHeight);
}

/** A chosen file as a JPEG; drawing it anew drops where it was taken. @param {File} file */
export async function shrunk(file) {
  /** @type {ImageBitmap} */
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error("This file is not a picture that can be read.");
  }
  return jpeg(picture, picture.width, picture.height);
}

/** @param {CanvasImageSource} source @param {number} width @param {number} height @returns {Promise<Blob>} */
function jpeg(source, width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("No picture could be made."))), "image/jpeg", QUALITY);
  });
}
